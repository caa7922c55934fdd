/**
 * NumPy's format of arrays, versions 1.0, 2.0 and 3.0: a magic number, the version, the length of a header, the header, which
 * is a dictionary as Python writes one, then the elements.
 *
 * numpy.lib.format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */

import { foreignText } from "../foreign-text.ts";

/** The types of elements that are read: unsigned and signed integers, floats, and booleans, with their bytes. */
export const numpyTypes = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "b1"] as const;

export type NumpyType = (typeof numpyTypes)[number];

export type NumpyValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface NumpyArray {
  /** Where it came from, for messages. */
  readonly file: string;
  /** Empty for a single number. */
  readonly shape: readonly number[];
  readonly dtype: NumpyType;
  /**
   * The elements, the last axis the fastest, whatever the order in the file. Each type has its own typed array, but for those
   * that JavaScript has none for: f2 are a Float32Array, i8 and u8 a Float64Array, and b1 bytes of 0 and 1.
   */
  readonly values: NumpyValues;
}

export interface NumpyHeader {
  readonly shape: readonly number[];
  readonly dtype: NumpyType;
  readonly isLittleEndian: boolean;
  /** Whether the first axis is the fastest. */
  readonly isFortran: boolean;
  /** Bytes before the elements. */
  readonly begin: number;
  /** Of the whole file, in bytes. */
  readonly length: number;
}

/** The longest file that is taken, in bytes. A header can ask for any number. */
export const LONGEST_NPY = 2 ** 30;

/** The longest header that is taken, in bytes: NumPy itself takes no longer one. */
const LONGEST_HEADER = 10_000;

const MAGIC = [0x93, ...Array.from("NUMPY", (letter) => letter.charCodeAt(0))];

/**
 * Reads an array.
 *
 * @param file name for messages
 * @param content the whole file
 * @throws Error that names the file, what was expected and what came: magic number, version, header, type, length, and whole
 * numbers that are beyond what a float holds exactly
 */
export function parseNpy(file: string, content: Uint8Array): NumpyArray {
  const header = npyHeader(file, content);
  if (content.length !== header.length) {
    throw new Error(
      `${file}: ${content.length < header.length ? "truncated" : "over-long"}: expected ${header.length} bytes ` +
        `(${describeShape(header.shape)} of ${header.dtype}), got ${content.length}.`,
    );
  }
  const elements = numbersOf(file, content.slice(header.begin), header);
  const values = header.isFortran ? lastAxisFastest(elements, header.shape) : elements;
  return { file, shape: header.shape, dtype: header.dtype, values };
}

/**
 * What a file says of itself, so that no more of it is read than there should be.
 *
 * @param file name for messages
 * @param head the first bytes of the file, the whole header among them
 * @throws Error as `parseNpy`, and for a length beyond `LONGEST_NPY`
 */
export function npyHeader(file: string, head: Uint8Array): NumpyHeader {
  const { text, begin } = headerText(file, head);
  const { descr, fortran_order, shape: axes } = readDictionary(file, text);
  const { dtype, isLittleEndian } = readType(file, descr);
  const shape = readShape(file, axes);
  const length = begin + sizeOf(shape) * bytesOf(dtype);
  if (length > LONGEST_NPY) {
    throw new Error(
      `${file}: too large: expected at most ${LONGEST_NPY} bytes, got a header of ${describeShape(shape)} of ${dtype}, ` +
        `which would be ${length}.`,
    );
  }
  return { shape, dtype, isLittleEndian, isFortran: fortran_order === "True", begin, length };
}

/** Such as `60000 x 28 x 28`. */
export function describeShape(shape: readonly number[]): string {
  return shape.length === 0 ? "a single number" : shape.join(" x ");
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function bytesOf(dtype: NumpyType): number {
  return Number(dtype[1]);
}

// Header --------------------------------------------------------------------------------------------------------------

function headerText(file: string, head: Uint8Array): { text: string; begin: number } {
  if (head.length < 10 || !MAGIC.every((byte, i) => head[i] === byte)) {
    const begun = Array.from(head.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new Error(
      `${file}: is not an .npy file: expected to begin with 93 4e 55 4d 50 59 (\\x93NUMPY), got ${begun || "nothing"}.`,
    );
  }
  const [major, minor] = [head[6]!, head[7]!];
  if (major < 1 || major > 3 || minor !== 0) {
    throw new Error(`${file}: expected version 1.0, 2.0 or 3.0 of the format, got ${major}.${minor}.`);
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const from = major === 1 ? 10 : 12;
  if (head.length < from) throw truncatedHeader(file, from, head);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER) {
    throw new Error(`${file}: expected a header of at most ${LONGEST_HEADER} bytes, got one of ${length}.`);
  }
  const begin = from + length;
  if (head.length < begin) throw truncatedHeader(file, begin, head);
  return { text: new TextDecoder("latin1").decode(head.subarray(from, begin)), begin };
}

function truncatedHeader(file: string, expected: number, head: Uint8Array): Error {
  return new Error(
    `${file}: truncated: expected a header that ends at byte ${expected}, got a file of ${head.length}.`,
  );
}

const KEYS = ["descr", "fortran_order", "shape"] as const;

type Dictionary = Readonly<Record<(typeof KEYS)[number], string>>;

/** One entry of the dictionary: its key, and a text, a truth value, or a tuple of whole numbers. */
const ENTRY = /^\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,L]*\)|\[.*\])\s*(?:,|$)/s;

/** The three entries, in any order and as they are written. */
function readDictionary(file: string, text: string): Dictionary {
  const refuse = () =>
    new Error(
      `${file}: damaged header: expected {'descr': ..., 'fortran_order': ..., 'shape': ...}, got ${foreignText(text)}.`,
    );
  const [, inside] = /^\{(.*)\}\s*$/s.exec(text) ?? [];
  if (inside === undefined) throw refuse();
  const found = new Map<string, string>();
  for (let rest = inside; rest.trim() !== ""; ) {
    const [whole, key, value] = ENTRY.exec(rest) ?? [];
    if (whole === undefined || found.has(key!)) throw refuse();
    found.set(key!, value!);
    rest = rest.slice(whole.length);
  }
  const isWhole = found.size === KEYS.length && KEYS.every((key) => found.has(key));
  if (!isWhole || !["True", "False"].includes(found.get("fortran_order")!)) throw refuse();
  return Object.fromEntries(found) as Dictionary;
}

/** Kinds of elements that NumPy has and that are no numbers, by the letter of the type. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  O: "Python objects",
  S: "bytes",
  U: "text",
  c: "complex numbers",
  M: "dates",
  m: "durations",
  V: "raw bytes",
};

function readType(file: string, descr: string): { dtype: NumpyType; isLittleEndian: boolean } {
  const [, order, name] = /^'([<>|])(\w+)'$/.exec(descr) ?? [];
  const dtype = numpyTypes.find((known) => known === name);
  if (dtype !== undefined && (order !== "|" || bytesOf(dtype) === 1)) return { dtype, isLittleEndian: order !== ">" };
  const kind = descr.startsWith("[") ? "records" : OTHER_KINDS[name?.[0] ?? ""];
  throw new Error(
    `${file}: expected elements of one of the types ${numpyTypes.join(", ")}, got ${foreignText(descr)}` +
      `${kind === undefined ? "" : `, which are ${kind}`}.`,
  );
}

function readShape(file: string, tuple: string): number[] {
  // Python 2 wrote an L behind long numbers, and a tuple of one has a comma behind it.
  const inside = tuple.slice(1, -1).trim();
  const parts = inside === "" ? [] : inside.replace(/,$/, "").split(",");
  const shape = parts.map((part) => (/^\s*\d+L?\s*$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  if (tuple.startsWith("(") && shape.every(Number.isSafeInteger)) return shape;
  throw new Error(`${file}: damaged header: expected a shape such as (60000, 28, 28), got ${foreignText(tuple)}.`);
}

// Elements ------------------------------------------------------------------------------------------------------------

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** @param bytes of the elements, with a buffer of their own, which is overwritten */
function numbersOf(file: string, bytes: Uint8Array<ArrayBuffer>, { dtype, isLittleEndian }: NumpyHeader): NumpyValues {
  if (isLittleEndian !== HOST_IS_LITTLE_ENDIAN) reverseBytes(bytes, bytesOf(dtype));
  const { buffer } = bytes;
  switch (dtype) {
    case "b1":
      return bytes.map((byte) => (byte === 0 ? 0 : 1));
    case "u1":
      return bytes;
    case "i1":
      return new Int8Array(buffer);
    case "u2":
      return new Uint16Array(buffer);
    case "i2":
      return new Int16Array(buffer);
    case "u4":
      return new Uint32Array(buffer);
    case "i4":
      return new Int32Array(buffer);
    case "u8":
      return exactFloats(file, new BigUint64Array(buffer));
    case "i8":
      return exactFloats(file, new BigInt64Array(buffer));
    case "f2":
      return Float32Array.from(new Uint16Array(buffer), halfFloat);
    case "f4":
      return new Float32Array(buffer);
    case "f8":
      return new Float64Array(buffer);
  }
}

/** In place, of elements of so many bytes. */
function reverseBytes(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  for (let first = 0; first < bytes.length; first += size) bytes.subarray(first, first + size).reverse();
}

function exactFloats(file: string, values: BigInt64Array | BigUint64Array): Float64Array {
  const floats = new Float64Array(values.length);
  for (let i = 0; i < floats.length; i++) {
    floats[i] = Number(values[i]!);
    if (Number.isSafeInteger(floats[i])) continue;
    throw new Error(`${file}: expected whole numbers between -2^53 and 2^53, got ${values[i]} at position ${i}.`);
  }
  return floats;
}

/** A number of 16 bits as IEEE 754 has them: a sign, 5 bits of exponent, 10 of fraction. */
function halfFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The elements of an array whose first axis is the fastest, with the last axis the fastest. */
function lastAxisFastest(values: NumpyValues, shape: readonly number[]): NumpyValues {
  const steps = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const result = values.slice();
  const place = shape.map(() => 0);
  for (let to = 0, from = 0; to < result.length; to++) {
    result[to] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place[axis]!++;
      from += steps[axis]!;
      if (place[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  }
  return result;
}
