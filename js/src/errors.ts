/** What went wrong, for programs. The message is for people. */
export type ErrorCode =
  /** The archive or its index breaks a rule of the format, or a checksum is wrong. */
  | "CORRUPT"
  /** The format is of another version, or has a feature that this reader does not know. */
  | "VERSION"
  /** There is no usable index, neither beside the archive nor in it. */
  | "NO_INDEX"
  /** The archive has no such entry. */
  | "NO_ENTRY"
  /** The entry is not a regular file or a hard link to one. */
  | "NOT_FILE"
  /** The entry is not a directory. */
  | "NOT_DIRECTORY"
  /** The archive was replaced on its server. Open it again. */
  | "CHANGED"
  /** The server does not answer requests for ranges. */
  | "NO_RANGES"
  /** The server compresses what it sends, so ranges are not those of the archive. */
  | "COMPRESSED"
  /** There is no such file on the server. */
  | "NOT_FOUND"
  /** The server wants other credentials. */
  | "DENIED"
  /** The server can't be reached, or fails. */
  | "UNAVAILABLE"
  /** The server sent something else than it was asked for. */
  | "ANSWER";

/** The error that all functions of this package throw. */
export class TpkError extends Error {
  override readonly name = "TpkError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** corrupt returns the error for something that breaks the format. */
export function corrupt(where: string, what: string): TpkError {
  return new TpkError("CORRUPT", `${where}: damaged: ${what}`);
}

/** hasCode reports whether an error is a TpkError of one of some kinds. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): boolean {
  return error instanceof TpkError && codes.includes(error.code);
}
