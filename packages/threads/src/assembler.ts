/**
 * A small assembler of WebAssembly: functions whose names are those of the instructions put them together from their operands, as
 * expressions. Code is bytes and other code between them, so that what is long is not copied again for each expression around it. What
 * kernels of ours need is here, and no more.
 *
 * https://webassembly.github.io/spec/core/binary/
 */

export type Code = readonly (number | Code)[];

/** All bytes of some code, in their order. */
function bytesOf(code: Code, bytes: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === "number") bytes.push(part);
    else bytesOf(part, bytes);
  }
  return bytes;
}

/** A whole number that is not negative (LEB128). */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** A whole number of 32 bits (signed LEB128). */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 127];
    bytes.push((rest & 127) | 128);
  }
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items];
}

/** An instruction of so many operands. */
const instruction =
  (...code: readonly number[]) =>
  (...operands: readonly Code[]): Code => [...operands, ...code];

/** An instruction of vectors. */
const vector = (code: number) => instruction(0xfd, ...unsigned(code));

const access =
  (...code: readonly number[]) =>
  (address: Code, offset = 0): Code => [address, ...code, 0, ...unsigned(offset)];

export const local = {
  get: (index: number): Code => [0x20, ...unsigned(index)],
  set: (index: number, value: Code): Code => [value, 0x21, ...unsigned(index)],
  /** Sets it, and gives what it is set to. */
  tee: (index: number, value: Code): Code => [value, 0x22, ...unsigned(index)],
};

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: instruction(0x6a),
  sub: instruction(0x6b),
  mul: instruction(0x6c),
  div_s: instruction(0x6d),
  div_u: instruction(0x6e),
  rem_s: instruction(0x6f),
  rem_u: instruction(0x70),
  eqz: instruction(0x45),
  eq: instruction(0x46),
  lt_u: instruction(0x49),
};

export const v128 = {
  zero: [0xfd, 0x0c, ...new Array<number>(16).fill(0)] as Code,
  /** Lanes that are all ones, or all zeros. */
  mask: (...lanes: readonly boolean[]): Code => [
    0xfd,
    0x0c,
    ...lanes.flatMap((isSet) => Array(4).fill(isSet ? 255 : 0)),
  ],
  load: access(0xfd, 0x00),
  load32_splat: access(0xfd, 0x09),
  load32_zero: access(0xfd, 0x5c),
  load32_lane: (lane: number, address: Code, value: Code, offset: number): Code => [
    address,
    value,
    ...[0xfd, 0x56, 0, ...unsigned(offset), lane],
  ],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0xfd, 0x0b, 0, ...unsigned(offset)],
  /** Whole numbers. */
  lanes: (...numbers: readonly number[]): Code => [0xfd, 0x0c, ...new Uint8Array(Int32Array.from(numbers).buffer)],
  /** Four times the same four bytes. */
  repeated: (bytes: Code): Code => [0xfd, 0x0c, ...bytes, ...bytes, ...bytes, ...bytes],
  not: vector(0x4d),
  and: vector(0x4e),
  /** The bits of the first where the second has zeros. */
  andnot: vector(0x4f),
  /** The bits of the first where the third has ones, of the second elsewhere. */
  bitselect: vector(0x52),
};

export const i32x4 = {
  splat: vector(0x11),
  eq: vector(0x37),
  ne: vector(0x38),
  gt_s: vector(0x3b),
  add: vector(0xae),
  shl: vector(0xab),
  shr_s: vector(0xac),
  shr_u: vector(0xad),
};

/** Instructions that do four times what those of single numbers do that have these names. */
export const vectorOf = {
  "i32.eq": vector(0x37),
  "i32.ne": vector(0x38),
  "i32.lt_s": vector(0x39),
  "i32.lt_u": vector(0x3a),
  "i32.gt_s": vector(0x3b),
  "i32.gt_u": vector(0x3c),
  "i32.ge_u": vector(0x40),
  "f32.eq": vector(0x41),
  "f32.ne": vector(0x42),
  "f32.lt": vector(0x43),
  "f32.gt": vector(0x44),
  "f32.le": vector(0x45),
  "f32.ge": vector(0x46),
  "i32.and": vector(0x4e),
  "i32.or": vector(0x50),
  "i32.xor": vector(0x51),
  "f32.ceil": vector(0x67),
  "f32.floor": vector(0x68),
  "f32.trunc": vector(0x69),
  "f32.nearest": vector(0x6a),
  "i32.add": vector(0xae),
  "i32.sub": vector(0xb1),
  "i32.mul": vector(0xb5),
  "f32.abs": vector(0xe0),
  "f32.neg": vector(0xe1),
  "f32.sqrt": vector(0xe3),
  "f32.add": vector(0xe4),
  "f32.sub": vector(0xe5),
  "f32.mul": vector(0xe6),
  "f32.div": vector(0xe7),
  "f32.min": vector(0xe8),
  "f32.max": vector(0xe9),
  "i32.trunc_sat_f32_s": vector(0xf8),
  "i32.trunc_sat_f32_u": vector(0xf9),
  "f32.convert_i32_s": vector(0xfa),
  "f32.convert_i32_u": vector(0xfb),
};

export const f32x4 = {
  /** Of a number's four bytes. */
  splat: (bytes: Code): Code => [0x43, ...bytes, 0xfd, 0x13],
  eq: vector(0x41),
  lt: vector(0x43),
  sqrt: vector(0xe3),
  add: vector(0xe4),
  sub: vector(0xe5),
  mul: vector(0xe6),
  div: vector(0xe7),
  min: vector(0xe8),
  max: vector(0xe9),
  /** The lesser, or the greater; the first of equals, and where one of them is no number. */
  pmin: vector(0xea),
  pmax: vector(0xeb),
  /** `a b + c`, rounded once where the processor can. */
  relaxed_madd: vector(0x105),
  /** Four lanes of two vectors, counted from 0 to 7. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [
    a,
    b,
    ...[0xfd, 0x0d],
    ...lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  ],
};

/** Repeats as long as the condition holds afterwards. */
export function repeatWhile(condition: Code, ...body: readonly Code[]): Code {
  return [0x03, 0x40, ...body, condition, 0x0d, 0, 0x0b];
}

export function ifElse(condition: Code, then: Code, otherwise: Code): Code {
  return [condition, 0x04, 0x40, then, 0x05, otherwise, 0x0b];
}

/** One of two numbers, without a branch. */
export function select(first: Code, second: Code, condition: Code): Code {
  return [first, second, condition, 0x1b];
}

const TYPES = { i32: 0x7f, v128: 0x7b };

/** Counts a function's variables, of which the parameters, whole numbers, come first. */
export class Locals {
  readonly #types: (keyof typeof TYPES)[] = [];
  readonly parameters: number;

  constructor(parameters: number) {
    this.parameters = parameters;
  }

  new(type: keyof typeof TYPES): number {
    return this.parameters + this.#types.push(type) - 1;
  }

  get code(): Code {
    return list(this.#types.map((type) => [1, TYPES[type]]));
  }
}

/**
 * A module with one function, which is exported as `kernel` and returns nothing.
 *
 * @param imports the content of the section of imports
 */
export function kernelModule(imports: Code, locals: Locals, body: Code): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: Code): Code => {
    const bytes = bytesOf(content);
    return [id, ...unsigned(bytes.length), bytes];
  };
  const type = [0x60, list(Array(locals.parameters).fill([TYPES.i32])), 0];
  const code = bytesOf([locals.code, body, 0x0b]);
  const name = new TextEncoder().encode("kernel");
  const module = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, list([type])),
    section(2, imports),
    section(3, list([[0]])),
    section(7, list([[name.length, ...name, 0, 0]])),
    section(10, list([[...unsigned(code.length), code]])),
  ];
  return Uint8Array.from(bytesOf(module));
}
