// Builds the package into dist (tsc: modules and types), and the viewer's files for tpk web into
// ../tarpack/website/files. With --check these are not written: it fails if one of them is not
// what the source gives.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const files = join(here, "..", "tarpack", "website", "files");
const check = process.argv.includes("--check");

const tsc = (...args) =>
  execFileSync(process.execPath, [join(here, "node_modules", "typescript", "bin", "tsc"), ...args],
    { cwd: here, stdio: "inherit" });

const options = {
  absWorkingDir: here, bundle: true, minify: true, write: false, target: "es2022",
  charset: "ascii", legalComments: "none", banner: { js: "// A part of the viewer of tpk archives." }, logLevel: "warning",
};
const text = async (o) => (await build({ ...options, ...o })).outputFiles[0].text;

/** The files of the viewer, by name. */
async function viewer() {
  const reader = await text({
    entryPoints: ["src/index.ts"], format: "iife", globalName: "tpkReader", outfile: "x.js",
  });
  const worker = await text({
    entryPoints: ["viewer/worker.ts"], format: "iife", outfile: "x.js",
    loader: { ".types": "text", ".svg": "text" },
    plugins: [{
      name: "shared",
      setup(b) {
        // The worker takes the reader from the file beside it, and not a second one into itself.
        b.onResolve({ filter: /^tpk-reader$/ }, () => ({ path: "reader", namespace: "global" }));
        b.onLoad({ filter: /.*/, namespace: "global" },
          () => ({ contents: "module.exports = globalThis.tpkReader", loader: "js" }));
        // As esbuild keeps a text file as it is, the style is minified first.
        b.onLoad({ filter: /\.css$/ }, async ({ path }) => ({
          contents: await text({
            entryPoints: [path], loader: { ".css": "css" }, banner: {}, external: ["?list&asset=*"],
          }), loader: "text",
        }));
      },
    }],
  });
  const page = readFileSync(join(here, "viewer", "index.html"), "utf8");
  return { "tpk-reader.js": reader, "tpk-sw.js": worker, "index.html": page };
}

const made = await viewer();
tsc("-p", "viewer");
rmSync(join(here, "dist"), { recursive: true, force: true });
tsc("-p", ".");
cpSync(join(here, "..", "LICENSE"), join(here, "LICENSE"));
if (check) {
  for (const [name, content] of Object.entries(made)) {
    if (readFileSync(join(files, name), "utf8") !== content) {
      console.error(`${name} is not what the source gives: run npm run build in js`);
      process.exitCode = 1;
    }
  }
} else {
  mkdirSync(files, { recursive: true });
  for (const [name, content] of Object.entries(made)) writeFileSync(join(files, name), content);
}
