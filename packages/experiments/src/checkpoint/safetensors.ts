/**
 * Checkpoints as safetensors bytes: an 8-byte little-endian header length, a JSON header, then the tensors back to back.
 *
 * The reader is our own: `@jax-js/loaders` reads these files as well, but believes the offsets that it finds and makes
 * views that fail where the bytes do not happen to be aligned. Elements are copied as they lie in memory, so both
 * directions need a little-endian machine, which every browser's is.
 */

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

type ElementType = keyof typeof ARRAYS;

/** Where a tensor lies; `start` and `end` count bytes from the end of the header. */
interface Entry {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

const ARRAYS = { F32: Float32Array, I32: Int32Array, U32: Uint32Array, U8: Uint8Array };
const ELEMENT_TYPES = Object.keys(ARRAYS) as ElementType[];
const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

/**
 * The checkpoint as the bytes of a safetensors file. Equal checkpoints give equal bytes, in whatever order they were built.
 *
 * Throws when a tensor's shape and data disagree, or when its name or its element type cannot be written.
 */
export function encodeCheckpoint({ tensors, metadata }: Checkpoint): Uint8Array<ArrayBuffer> {
  const entries = layOut(tensors);
  const header = encodeHeader(entries, metadata);
  const dataStart = LENGTH_BYTES + header.length;
  const bytes = new Uint8Array(dataStart + (entries.at(-1)?.end ?? 0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, LENGTH_BYTES);
  for (const { name, start } of entries) bytes.set(rawBytes(tensors[name]!.data), dataStart + start);
  return bytes;
}

/**
 * The checkpoint in the bytes of a safetensors file; `file` is what errors call it. The tensors are copies.
 *
 * Throws on anything but a whole file of F32, I32, U32 and U8 tensors that lie back to back and fill it exactly.
 */
export function decodeCheckpoint(bytes: Uint8Array, file: string): Checkpoint {
  const dataStart = headerEnd(bytes, file);
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
function layOut(tensors: Checkpoint["tensors"]): Entry[] {
  const entries = Object.entries(tensors).map(([name, tensor]) => measure(name, tensor));
  entries.sort((a, b) => width(b.dtype) - width(a.dtype) || (a.name < b.name ? -1 : 1));
  let start = 0;
  return entries.map((entry) => {
    const placed = { ...entry, start, end: start + entry.end };
    start = placed.end;
    return placed;
  });
}

function measure(name: string, { shape, data }: Tensor): Entry {
  if (name === METADATA) throw new Error(`a tensor cannot be named ${METADATA}: the file format keeps that name`);
  const dtype = ELEMENT_TYPES.find((candidate) => data instanceof ARRAYS[candidate]);
  if (dtype === undefined) {
    const expected = Object.values(ARRAYS).map((array) => array.name);
    throw new Error(`tensor ${name}: expected ${expected.join(", ")}, got ${Object(data).constructor?.name}`);
  }
  if (!isShape(shape) || elements(shape) !== data.length) {
    throw new Error(`tensor ${name}: expected the elements of shape [${shape}], got ${data.length} elements`);
  }
  return { name, dtype, shape, start: 0, end: data.byteLength };
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

function headerEnd(bytes: Uint8Array, file: string): number {
  if (bytes.length < LENGTH_BYTES) refuse(file, `at least ${LENGTH_BYTES} bytes`, `${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  const limit = bytes.length - LENGTH_BYTES;
  if (length > BigInt(limit)) {
    refuse(file, `a header of at most ${limit} bytes (the file has ${bytes.length})`, `a header length of ${length}`);
  }
  return LENGTH_BYTES + Number(length);
}

function parseHeader(bytes: Uint8Array, file: string): Record<string, unknown> {
  const expected = "a header that is a JSON object";
  if (bytes[0] !== "{".charCodeAt(0)) refuse(file, expected, `a header whose first byte is ${bytes[0] ?? "missing"}`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    return refuse(file, expected, (error as Error).message);
  }
}

function checkMetadata(metadata: unknown, file: string): Record<string, string> {
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    refuse(file, `${METADATA} to map names to strings`, JSON.stringify(metadata));
  }
  return metadata as Record<string, string>;
}

function checkEntry(name: string, value: unknown, file: string): Entry {
  const got = JSON.stringify(value);
  if (!isObject(value)) refuse(file, `tensor ${name} to be described by an object`, got);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!ELEMENT_TYPES.includes(dtype as ElementType)) {
    refuse(file, `tensor ${name} of a type among ${ELEMENT_TYPES.join(", ")}`, JSON.stringify(dtype));
  }
  if (!isShape(shape)) refuse(file, `tensor ${name} with a shape of non-negative integers`, JSON.stringify(shape));
  if (!isShape(offsets) || offsets.length !== 2) refuse(file, `tensor ${name} with two data_offsets`, got);
  const [start, end] = offsets as [number, number];
  const expected = elements(shape) * width(dtype as ElementType);
  if (end - start !== expected) refuse(file, `tensor ${name} to take ${expected} bytes`, `${end - start}`);
  return { name, dtype: dtype as ElementType, shape, start, end };
}

/** Overlaps and holes are refused, and so is a file that ends before or after its last tensor. */
function checkLayout(entries: Entry[], dataLength: number, file: string): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (entry.start !== end) refuse(file, `tensor ${entry.name} to start at byte ${end} of the data`, `${entry.start}`);
    end = entry.end;
  }
  if (end !== dataLength) refuse(file, `${end} bytes of data after the header`, `${dataLength}`);
}

function readTensor({ dtype, shape, start, end }: Entry, data: Uint8Array): Tensor {
  // A copy is aligned wherever the file's bytes were, and does not keep the whole file in memory.
  const copy = new Uint8Array(end - start);
  copy.set(data.subarray(start, end));
  return { shape, data: new ARRAYS[dtype](copy.buffer) };
}

function rawBytes(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function width(dtype: ElementType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(file: string, expected: string, got: string): never {
  throw new Error(`${file} is not a whole safetensors checkpoint: expected ${expected}, got ${got}`);
}
