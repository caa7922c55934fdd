/** Files that a command is given. */

import { createReadStream } from "node:fs";
import { errorCode } from "../runs/files.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a folder",
};

/**
 * All of a file, a pipe or a device, if that is not longer than `most` bytes: no more of it is read.
 *
 * @throws Error that names the file, and says why it cannot be read or how long it may be
 */
export async function readUpTo(file: string, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    // One byte more than may be: it shows that there is more.
    for await (const part of createReadStream(file, { end: most })) {
      parts.push(part);
      length += part.length;
    }
  } catch (error) {
    const code = errorCode(error);
    throw new Error(`cannot read ${file}: ${(code && REASONS[code]) ?? (error as Error).message}.`, { cause: error });
  }
  if (length <= most) return Buffer.concat(parts);
  throw new Error(`${file} is too long: expected at most ${most} bytes, got more.`);
}
