/** Files that a command is given. */

import { createReadStream } from "node:fs";
import { readFailure } from "../data/reasons.ts";

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
    throw readFailure(file, error);
  }
  if (length <= most) return Buffer.concat(parts);
  throw new Error(`${file} is too long: expected at most ${most} bytes, got more.`);
}
