/** Reading data files from the disk, packed or not. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** How long a file is to be, uncompressed: no more of it is unpacked, however much there is. */
export interface Extent {
  /** The first bytes that tell; 0 where the length is known without. */
  readonly head: number;
  /** The whole length in bytes, from the head, or from all of a file that is shorter. What it throws is passed on. */
  length(head: Uint8Array): number;
}

/** Bytes that are read or unpacked at a time. */
const CHUNK = 2 ** 20;

/** The size of a file in bytes, undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  return (await stat(path).catch(ignoreMissing))?.size;
}

/**
 * The content of a file, gunzipped when it is gzip data. One that is shorter than expected is returned as it is.
 *
 * @throws Error that names the file when it cannot be read, its gzip data is not whole, or there is more than expected
 */
export async function readUnpacked(path: string, extent: Extent): Promise<Uint8Array> {
  const packed = await isGzip(path);
  const source = createReadStream(path, { highWaterMark: CHUNK });
  try {
    return await gathered(path, packed ? unpacking(source) : source, extent);
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith("Z_")) throw error;
    throw new Error(`${path}: expected whole gzip data, got ${(error as Error).message}.`, { cause: error });
  } finally {
    source.destroy();
  }
}

function unpacking(source: Readable): Readable {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  source.on("error", (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

async function gathered(path: string, chunks: AsyncIterable<Uint8Array>, { head, length }: Extent) {
  const parts: Uint8Array[] = [];
  let received = 0;
  let expected: number | undefined;
  for await (const chunk of chunks) {
    parts.push(chunk);
    received += chunk.length;
    if (received < head) continue;
    expected ??= length(plainView(Buffer.concat(parts)).subarray(0, head));
    if (received > expected) {
      throw new Error(`${path}: over-long: expected ${expected} bytes, uncompressed, got more.`);
    }
  }
  const content = plainView(Buffer.concat(parts));
  if (expected === undefined) length(content);
  return content;
}

/** SHA-256 of the parts one after the other, in lower-case hexadecimal digits. */
export function sha256(...parts: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Told by content, not by name: browsers and servers unpack files and leave them their names. */
async function isGzip(path: string): Promise<boolean> {
  // What is no file, such as a pipe or a device, may have no end, or nobody at its other one.
  if (!(await stat(path)).isFile()) throw new Error(`${path}: expected a file, got something else of that name.`);
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
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
