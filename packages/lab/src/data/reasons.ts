/** Why a file cannot be read, in words. */

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a folder",
};

/** The error to throw when a file could not be read. */
export function readFailure(file: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return new Error(`cannot read ${file}: ${(code && REASONS[code]) ?? message}.`, { cause: error });
}
