// Files that esbuild includes as text.
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.types" {
  const text: string;
  export default text;
}
declare module "*.svg" {
  const text: string;
  export default text;
}
