/** Reading data files from the disk, packed or not. */

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const gunzipAsync = promisify(gunzip);

/** The size of a file in bytes, undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  return (await stat(path).catch(ignoreMissing))?.size;
}

/**
 * The content of a file, gunzipped when it is gzip data.
 *
 * @throws Error that names the file when it cannot be read or its gzip data is not whole
 */
export async function readUnpacked(path: string): Promise<Uint8Array> {
  return unpack(path, await readFile(path));
}

/** SHA-256 of the parts one after the other, in lower-case hexadecimal digits. */
export function sha256(...parts: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Told by content, not by name: browsers and servers unpack files and leave them their names. */
async function unpack(path: string, content: Uint8Array): Promise<Uint8Array> {
  if (content[0] !== 0x1f || content[1] !== 0x8b) return plainView(content);
  try {
    return plainView(await gunzipAsync(content));
  } catch (error) {
    throw new Error(`${path}: expected whole gzip data, got ${(error as Error).message}.`, { cause: error });
  }
}

/** A Buffer's `slice` shares memory where a Uint8Array's copies; what leaves this module is the plain kind. */
function plainView(content: Uint8Array): Uint8Array {
  return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
