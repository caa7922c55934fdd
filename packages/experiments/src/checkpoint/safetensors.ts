/**
 * Checkpoints as safetensors bytes: an 8-byte little-endian header length, a JSON header, then the tensors back to back.
 *
 * The reader is our own: `@jax-js/loaders` reads these files as well, but believes the offsets that it finds and makes
 * views that fail where the bytes do not happen to be aligned. Elements are copied as they lie in memory, so both
 * directions need a little-endian machine, which every browser's is.
 *
 * @module
 */

import { z } from "zod";
import { foreignText, foreignValue } from "../foreign-text.ts";
import { countNames, parseJson } from "../json.ts";
import { problemOf } from "../problems.ts";
import { fromHalf, toHalf } from "./half.ts";

export type TensorData = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** Elements in row-major order; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface Checkpoint {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

type ElementType = keyof typeof WIDTHS;

/** Where a tensor lies; `start` and `end` count bytes from the end of the header. */
interface Entry {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

const ARRAYS = { F32: Float32Array, I32: Int32Array, U32: Uint32Array, U8: Uint8Array };
/** Bytes of an element. Half precision, F16, is read as F32. */
const WIDTHS = { F32: 4, I32: 4, U32: 4, U8: 1, F16: 2 };
const ELEMENT_TYPES = Object.keys(WIDTHS) as ElementType[];
const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

/** Bytes of a header at most. Ours have some thousand; those of states in a store also hold the records of all epochs. */
const LONGEST_HEADER = 16 * 2 ** 20;

const size = z.int().min(0);
const StoredEntry = z.strictObject({
  dtype: z.enum(ELEMENT_TYPES),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});

/**
 * The checkpoint as the bytes of a safetensors file. Equal checkpoints give equal bytes, in whatever order they were built.
 *
 * Throws when a tensor's shape and data disagree, or when its name or its element type cannot be written.
 *
 * @param options `half` writes F32 tensors in half precision, F16, in half the room
 */
export function encodeCheckpoint(
  { tensors, metadata }: Checkpoint,
  { half = false }: { readonly half?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const entries = layOut(tensors, half);
  const header = encodeHeader(entries, metadata);
  const dataStart = LENGTH_BYTES + header.length;
  const bytes = new Uint8Array(dataStart + (entries.at(-1)?.end ?? 0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, LENGTH_BYTES);
  for (const { name, dtype, start } of entries) bytes.set(rawBytes(tensors[name]!.data, dtype), dataStart + start);
  return bytes;
}

/**
 * The checkpoint in the bytes of a safetensors file; `file` is what errors call it. The tensors are copies,
 * those of half precision in single precision.
 *
 * Throws on anything but a whole file of F32, I32, U32, U8 and F16 tensors that lie back to back and fill it exactly.
 */
export function decodeCheckpoint(bytes: Uint8Array, file: string): Checkpoint {
  const dataStart = LENGTH_BYTES + headerLength(bytes, bytes.length, file);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), file);
  const { [METADATA]: metadata = {}, ...tensors } = header;
  const entries = Object.entries(tensors).map(([name, value]) => checkEntry(name, value, file));
  checkLayout(entries, bytes.length - dataStart, file);
  const data = bytes.subarray(dataStart);
  return {
    tensors: Object.fromEntries(entries.map((entry) => [entry.name, readTensor(entry, data)])),
    metadata: checkMetadata(metadata, file),
  };
}

/** Wider elements come first, as in the format's reference, so that every tensor stays aligned to its element. */
function layOut(tensors: Checkpoint["tensors"], half: boolean): Entry[] {
  const entries = Object.entries(tensors).map(([name, tensor]) => measure(name, tensor, half));
  entries.sort((a, b) => WIDTHS[b.dtype] - WIDTHS[a.dtype] || (a.name < b.name ? -1 : 1));
  let start = 0;
  return entries.map((entry) => {
    const placed = { ...entry, start, end: start + entry.end };
    start = placed.end;
    return placed;
  });
}

function measure(name: string, { shape, data }: Tensor, half: boolean): Entry {
  if (name === METADATA) throw new Error(`a tensor cannot be named ${METADATA}: the file format keeps that name`);
  const own = (Object.keys(ARRAYS) as (keyof typeof ARRAYS)[]).find((candidate) => data instanceof ARRAYS[candidate]);
  if (own === undefined) {
    const expected = Object.values(ARRAYS).map((array) => array.name);
    throw new Error(`tensor ${name}: expected ${expected.join(", ")}, got ${Object(data).constructor?.name}`);
  }
  if (!isShape(shape) || elements(shape) !== data.length) {
    throw new Error(`tensor ${name}: expected the elements of shape [${shape}], got ${data.length} elements`);
  }
  const dtype = half && own === "F32" ? "F16" : own;
  return { name, dtype, shape, start: 0, end: data.length * WIDTHS[dtype] };
}

function encodeHeader(entries: readonly Entry[], metadata: Checkpoint["metadata"]): Uint8Array {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const described = entries.map(({ name, dtype, shape, start, end }) => [
    name,
    { dtype, shape, data_offsets: [start, end] },
  ]);
  const json = JSON.stringify(Object.fromEntries([[METADATA, Object.fromEntries(sorted)], ...described]));
  const text = new TextEncoder().encode(json);
  const padded = new Uint8Array(Math.ceil(text.length / ALIGNMENT) * ALIGNMENT).fill(" ".charCodeAt(0));
  padded.set(text);
  return padded;
}

/**
 * Refuses a file by its first 8 bytes, before the rest of it is read.
 *
 * @param fileSize of the whole file, in bytes
 * @throws Error for a header that is longer than the file, or than any of ours
 */
export function checkHeaderLength(first: Uint8Array, fileSize: number, file: string): void {
  headerLength(first, fileSize, file);
}

function headerLength(bytes: Uint8Array, fileSize: number, file: string): number {
  if (bytes.length < LENGTH_BYTES) refuse(file, `at least ${LENGTH_BYTES} bytes`, `${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  const limit = fileSize - LENGTH_BYTES;
  if (length > BigInt(limit)) {
    refuse(file, `a header of at most ${limit} bytes (the file has ${fileSize})`, `a header length of ${length}`);
  }
  if (length > BigInt(LONGEST_HEADER)) {
    refuse(file, `a header of at most ${LONGEST_HEADER} bytes`, `a header length of ${length}`);
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array, file: string): Record<string, unknown> {
  const expected = "a header that is a JSON object";
  if (bytes[0] !== "{".charCodeAt(0)) refuse(file, expected, `a header whose first byte is ${bytes[0] ?? "missing"}`);
  const text = decodeText(bytes, file);
  let header: Record<string, unknown>;
  try {
    header = parseJson(text) as Record<string, unknown>;
  } catch (error) {
    return refuse(file, expected, foreignText((error as Error).message));
  }
  if (countKeys(header) < countNames(text)) refuse(file, "every name in its header once", "a name that is there twice");
  return header;
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(file, "a header in UTF-8", "other bytes");
  }
}

/** The names in a JSON value, at all depths. */
function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value).reduce((count: number, one) => count + countKeys(one), 0);
  return inner + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** By hand, because a schema's records leave out `__proto__`, a name like any other here. */
function checkMetadata(metadata: unknown, file: string): Record<string, string> {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    refuse(file, `${METADATA} to map names to texts`, foreignValue(metadata));
  }
  const wrong = Object.entries(metadata).find(([, value]) => typeof value !== "string");
  if (wrong) refuse(file, `${METADATA} to map ${foreignText(wrong[0])} to a text`, foreignValue(wrong[1]));
  return metadata as Record<string, string>;
}

function checkEntry(name: string, value: unknown, file: string): Entry {
  const tensor = `tensor ${foreignText(name)}`;
  const { data, error } = StoredEntry.safeParse(value);
  if (error) return invalid(file, `${tensor}: ${problemOf(error, value)}`);
  const { dtype, shape } = data;
  const [start, end] = data.data_offsets;
  const expected = elements(shape) * WIDTHS[dtype];
  if (end - start !== expected) refuse(file, `${tensor} to take ${expected} bytes`, `${end - start}`);
  return { name, dtype, shape, start, end };
}

/** Overlaps and holes are refused, and so is a file that ends before or after its last tensor. */
function checkLayout(entries: Entry[], dataLength: number, file: string): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (entry.start !== end)
      refuse(file, `tensor ${foreignText(entry.name)} to start at byte ${end} of the data`, `${entry.start}`);
    end = entry.end;
  }
  if (end !== dataLength) refuse(file, `${end} bytes of data after the header`, `${dataLength}`);
}

function readTensor({ dtype, shape, start, end }: Entry, data: Uint8Array): Tensor {
  // A copy is aligned wherever the file's bytes were, and does not keep the whole file in memory.
  const copy = new Uint8Array(end - start);
  copy.set(data.subarray(start, end));
  if (dtype === "F16") return { shape, data: fromHalf(new Uint16Array(copy.buffer)) };
  return { shape, data: new ARRAYS[dtype](copy.buffer) };
}

function rawBytes(data: TensorData, dtype: ElementType): Uint8Array {
  const array = dtype === "F16" ? toHalf(data as Float32Array) : data;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function refuse(file: string, expected: string, got: string): never {
  return invalid(file, `expected ${expected}, got ${got}`);
}

function invalid(file: string, problem: string): never {
  throw new Error(`${file} is not a whole safetensors checkpoint: ${problem}`);
}
