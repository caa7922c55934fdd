/**
 * The IDX format of MNIST and its relatives: two zero bytes, the element type, the number of axes, each axis as a
 * big-endian 32-bit integer, then the elements.
 */

import type { Dataset } from "./types.ts";

export interface IdxImages {
  /** Where they came from, for messages. */
  readonly file: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** [count, height * width], a view of the file's bytes. */
  readonly pixels: Uint8Array;
}

export interface IdxLabels {
  readonly file: string;
  /** [count], a view of the file's bytes. */
  readonly labels: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

const elementTypes: Readonly<Record<number, string>> = {
  8: "unsigned byte",
  9: "signed byte",
  11: "int16",
  12: "int32",
  13: "float32",
  14: "float64",
};

/** What a file may hold, and its axes. */
const axesOf = { images: ["count", "height", "width"], labels: ["count"] } as const;

export type IdxKind = keyof typeof axesOf;

/** The longest file that is taken, in bytes: EMNIST's longest has half of it. A header can ask for 2^96. */
export const LONGEST_IDX = 2 ** 30;

/** Bytes before the elements. */
export function idxHeaderLength(kind: IdxKind): number {
  return 4 + 4 * axesOf[kind].length;
}

/**
 * The length of a whole file in bytes, as its header says: so that no more of it is read or unpacked.
 *
 * @param file name for messages
 * @param head the first bytes of the file, uncompressed: the header, or all of a file that is shorter
 * @throws Error that names the file, what was expected and what came: magic number, element type, axes, header, and a
 * length beyond `LONGEST_IDX`
 */
export function idxLength(file: string, head: Uint8Array, kind: IdxKind): number {
  return idxHeaderLength(kind) + sizeOf(readShape(file, head, kind));
}

/**
 * Reads an IDX file of images. The pixels are a view of `content`, not a copy.
 *
 * @param file name for messages
 * @param content the whole file, uncompressed
 * @throws Error that names the file, what was expected and what came: magic number, element type, axes, length
 */
export function parseImages(file: string, content: Uint8Array): IdxImages {
  const { shape, data } = parseIdx(file, content, "images");
  const [count, height, width] = shape as [number, number, number];
  return { file, count, height, width, pixels: data };
}

/**
 * Reads an IDX file of labels. The labels are a view of `content`, not a copy.
 *
 * @param file name for messages
 * @param content the whole file, uncompressed
 * @throws Error that names the file, what was expected and what came: magic number, element type, axes, length
 */
export function parseLabels(file: string, content: Uint8Array): IdxLabels {
  return { file, labels: parseIdx(file, content, "labels").data };
}

/**
 * Joins images and labels into a data set that shares their bytes.
 *
 * @param name name of the data set, such as "mnist train"
 * @param classes labels must be below this
 * @throws Error when the counts differ or a label is out of range
 */
export function pairImagesWithLabels(name: string, images: IdxImages, labels: IdxLabels, classes: number): Dataset {
  const { count, height, width, pixels } = images;
  if (labels.labels.length !== count) {
    throw new Error(
      `${labels.file}: expected ${count} labels, one for each image of ${images.file}, got ${labels.labels.length}.`,
    );
  }
  const misfit = labels.labels.findIndex((label) => label >= classes);
  if (misfit >= 0) {
    throw new Error(
      `${labels.file}: expected labels from 0 to ${classes - 1}, got ${labels.labels[misfit]} at position ${misfit}.`,
    );
  }
  return { name, count, height, width, classes, images: pixels, labels: labels.labels };
}

function parseIdx(file: string, content: Uint8Array, kind: IdxKind): { shape: number[]; data: Uint8Array } {
  const shape = readShape(file, content, kind);
  const data = content.subarray(idxHeaderLength(kind));
  checkLength(file, shape, data.length);
  return { shape, data };
}

function readShape(file: string, head: Uint8Array, kind: IdxKind): number[] {
  const [axes, header] = [axesOf[kind], idxHeaderLength(kind)];
  if (head.length >= 4) checkMagic(file, head, axes);
  if (head.length < header) {
    throw new Error(`${file}: truncated: expected a header of ${header} bytes, got a file of ${head.length}.`);
  }
  const view = new DataView(head.buffer, head.byteOffset, header);
  const shape = axes.map((_, axis) => view.getUint32(4 + 4 * axis));
  if (shape.includes(0)) {
    throw new Error(`${file}: empty: expected every axis to be at least 1, got ${shape.join(" x ")}.`);
  }
  if (header + sizeOf(shape) <= LONGEST_IDX) return shape;
  throw new Error(
    `${file}: too large: expected at most ${LONGEST_IDX} bytes, got a header of ${shape.join(" x ")}, which would be ` +
      `${header + sizeOf(shape)}.`,
  );
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length);
}

/** The first four bytes: each kind of misfit gets its own words, since each has its own remedy. */
function checkMagic(file: string, content: Uint8Array, axes: readonly string[]): void {
  const [zero0, zero1, type, rank] = content as unknown as [number, number, number, number];
  const expected = `${hex([0, 0, UNSIGNED_BYTE, axes.length])} (unsigned bytes, [${axes.join(", ")}])`;
  const refuse = (complaint: string) =>
    new Error(`${file}: ${complaint}: expected the magic number ${expected}, got ${hex(content.subarray(0, 4))}.`);
  if (zero0 === 0x1f && zero1 === 0x8b) throw refuse("is gzip data, not an unpacked IDX file");
  if (zero0 !== 0 || zero1 !== 0) throw refuse("is not an IDX file");
  if (type !== UNSIGNED_BYTE) throw refuse(`wrong element type, ${elementTypes[type] ?? "unknown"}`);
  if (rank !== axes.length) throw refuse(`wrong number of axes, ${rank}`);
}

function checkLength(file: string, shape: readonly number[], bytes: number): void {
  const expected = sizeOf(shape);
  if (bytes === expected) return;
  throw new Error(
    `${file}: ${bytes < expected ? "truncated" : "over-long"}: expected ${expected} bytes after the header ` +
      `(${shape.join(" x ")}), got ${bytes}.`,
  );
}

function hex(bytes: Iterable<number>): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
