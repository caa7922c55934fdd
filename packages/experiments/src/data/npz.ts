/** NumPy's archives of arrays, as `numpy.savez` and `numpy.savez_compressed` write them: a ZIP file with an .npy file for each. */

import { unzipSync } from "fflate";
import { foreignText } from "../foreign-text.ts";
import { LONGEST_NPY, type NumpyArray, parseNpy } from "./npy.ts";

/** More arrays are no data that anybody can name. */
const MOST_ARRAYS = 1000;

/**
 * Reads the arrays of an archive, by name. Their sizes are counted before any is unpacked.
 *
 * @param file name for messages
 * @param content the whole file
 * @param isWanted whether an array is to be read, by its name; default all
 * @throws Error that names the file, what was expected and what came: no ZIP file, a damaged one, another file than an .npy in
 * it, arrays beyond `LONGEST_NPY` together, and whatever `parseNpy` refuses
 */
export function parseNpz(
  file: string,
  content: Uint8Array,
  isWanted: (name: string) => boolean = () => true,
): ReadonlyMap<string, NumpyArray> {
  const files = unpack(file, content, (name) => isWanted(arrayName(file, name)));
  return new Map(
    Object.entries(files).map(([name, bytes]) => {
      const array = arrayName(file, name);
      return [array, parseNpy(`${file}: ${foreignText(array)}`, bytes)];
    }),
  );
}

/** An archive's file `x_train.npy` holds the array `x_train`. */
function arrayName(file: string, name: string): string {
  if (name.endsWith(".npy")) return name.slice(0, -".npy".length);
  throw new Error(`${file}: expected .npy files in it, got "${foreignText(name)}".`);
}

function unpack(file: string, content: Uint8Array, isWanted: (name: string) => boolean): Record<string, Uint8Array> {
  const checksums = readChecksums(file, content);
  const sizes = attempt(file, () => sizesIn(content, isWanted));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (total > LONGEST_NPY) {
    throw new Error(`${file}: too large: expected at most ${LONGEST_NPY} bytes, unpacked, got ${total}.`);
  }
  const unpacked = attempt(file, () => unzipSync(content, { filter: ({ name }) => sizes.has(name) }));
  for (const [name, bytes] of Object.entries(unpacked)) {
    if (bytes.length === sizes.get(name) && crc32(bytes) === checksums.get(name)) continue;
    throw new Error(`${file}: damaged: the checksum of ${foreignText(name)} is wrong.`);
  }
  return unpacked;
}

/** The unpacked size of each file that is wanted. Nothing is unpacked. */
function sizesIn(content: Uint8Array, isWanted: (name: string) => boolean): Map<string, number> {
  const sizes = new Map<string, number>();
  unzipSync(content, {
    filter({ name, originalSize }) {
      if (isWanted(name)) sizes.set(name, originalSize);
      return false;
    },
  });
  return sizes;
}

/** What the unpacker throws does not name the file. */
function attempt<T>(file: string, unpack: () => T): T {
  try {
    return unpack();
  } catch (error) {
    if ((error as Error).message.startsWith(file)) throw error;
    throw new Error(`${file}: expected a whole .npz file, got ${foreignText((error as Error).message)}.`, {
      cause: error,
    });
  }
}

// Checksums -----------------------------------------------------------------------------------------------------------
// The library that unpacks does not compare them. They are in the directory at the end of a ZIP file, which has an entry a
// file; where it begins says a record behind it. (APPNOTE.TXT, "the .ZIP file format specification", 4.3.12 and 4.3.16.)

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/** A record at the end may have a comment behind it. */
const LONGEST_COMMENT = 2 ** 16 - 1;

function readChecksums(file: string, content: Uint8Array): Map<string, number> {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const end = endOf(view);
  if (end === undefined) throw new Error(`${file}: is not a whole .npz file: expected a ZIP file with its directory.`);
  const [count, checksums] = [view.getUint16(end + 10, true), new Map<string, number>()];
  if (count > MOST_ARRAYS) throw new Error(`${file}: expected at most ${MOST_ARRAYS} arrays, got ${count}.`);
  for (let i = 0, at = view.getUint32(end + 16, true); i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== ENTRY) {
      throw new Error(`${file}: damaged: expected a directory of ${count} files, got ${i}.`);
    }
    const [name, extra, comment] = [28, 30, 32].map((from) => view.getUint16(at + from, true)) as [
      number,
      number,
      number,
    ];
    const key = new TextDecoder().decode(content.subarray(at + 46, at + 46 + name));
    if (checksums.has(key)) throw new Error(`${file}: expected every array once, got "${foreignText(key)}" twice.`);
    checksums.set(key, view.getUint32(at + 16, true));
    at += 46 + name + extra + comment;
  }
  return checksums;
}

function endOf(view: DataView): number | undefined {
  const last = view.byteLength - 22;
  for (let at = last; at >= 0 && at >= last - LONGEST_COMMENT; at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  return undefined;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
