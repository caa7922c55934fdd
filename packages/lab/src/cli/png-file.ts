/** What of a PNG file is given to its decoder: sound chunks only, and no more pixels than the header says. */

import { crc32, inflateSync } from "node:zlib";
import { errorCode } from "../runs/files.ts";

const SIGNATURE = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Chunks that say what the pixels are. The others are advice, and some of them hold compressed data of any length. */
const CHUNKS = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"];

/** Samples of a pixel, by the header's type of colour. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** First column and row, and steps between columns and rows, of Adam7's passes over an interlaced picture. */
const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

type Pass = readonly [left: number, top: number, across: number, down: number];

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
  /** With its length, type and checksum. */
  readonly whole: Buffer;
}

interface PngFile {
  readonly width: number;
  readonly height: number;
  /**
   * The file without what its pixels do not need, once these have been seen to be as many as the header says.
   *
   * @throws Error for pixels that are damaged, too few or too many
   */
  unpack(): Buffer;
}

/** @throws Error for a file that is cut off, a chunk whose checksum is wrong, or no header */
export function openPng(bytes: Buffer): PngFile {
  const chunks = chunksOf(bytes);
  const header = chunks[0]!.data;
  if (chunks[0]!.type !== "IHDR" || header.length !== 13) throw new Error("expected to begin with a header");
  const [again, unknown] = [chunks.slice(1).find(({ type }) => type === "IHDR"), chunks.find(isUnknown)];
  if (again) throw new Error("expected one header, got two");
  if (unknown)
    throw new Error(
      `expected chunks that are known, got ${JSON.stringify(unknown.type)}, without which it cannot be read`,
    );
  if (header[9] === PALETTE && !chunks.some(({ type }) => type === "PLTE"))
    throw new Error("expected a palette, got none");
  return {
    width: header.readUInt32BE(0),
    height: header.readUInt32BE(4),
    unpack() {
      checkPixels(header, Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data)));
      const needed = chunks.filter(({ type }) => CHUNKS.includes(type));
      return Buffer.concat([SIGNATURE, ...needed.map(({ whole }) => whole)]);
    },
  };
}

/** The type of a picture whose pixels are numbers of colours. */
const PALETTE = 3;

/** A chunk whose name begins with a capital letter is one that no reader may leave out. */
function isUnknown({ type }: Chunk): boolean {
  return /^[A-Z]/.test(type) && !["IHDR", "PLTE", "IDAT", "IEND"].includes(type);
}

/** All chunks up to the last. */
function chunksOf(bytes: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; chunks.at(-1)?.type !== "IEND"; ) {
    const end = at + 12 + (at + 8 <= bytes.length ? bytes.readUInt32BE(at) : 0);
    if (end > bytes.length) throw new Error(`it ends after ${bytes.length} bytes, and its last chunk does not`);
    const [type, data] = [bytes.toString("latin1", at + 4, at + 8), bytes.subarray(at + 8, end - 4)];
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new Error(`the checksum of its chunk at byte ${at} is wrong`);
    }
    chunks.push({ type, data, whole: bytes.subarray(at, end) });
    at = end;
  }
  return chunks;
}

function checkPixels(header: Buffer, packed: Buffer): void {
  const expected = unpackedLength(header);
  const got = unpackedUpTo(packed, expected);
  if (got !== expected) throw new Error(`expected ${expected} bytes of pixels, got ${got ?? "more"}`);
}

/** How long the unpacked data is; undefined when that is more than `most`. */
function unpackedUpTo(packed: Buffer, most: number): number | undefined {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, most) }).length;
  } catch (error) {
    if (errorCode(error) === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}

/** A row begins with the name of its filter, and ends at a whole byte. */
function unpackedLength(header: Buffer): number {
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const bits = header[8]! * (SAMPLES[header[9]!] ?? 0);
  const passes: readonly Pass[] = header[12] === 0 ? [[0, 0, 1, 1]] : ADAM7;
  const lengths = passes.map(([left, top, across, down]) => {
    const [columns, rows] = [Math.ceil((width - left) / across), Math.ceil((height - top) / down)];
    return columns > 0 && rows > 0 ? rows * (1 + Math.ceil((columns * bits) / 8)) : 0;
  });
  return lengths.reduce((sum, length) => sum + length, 0);
}
