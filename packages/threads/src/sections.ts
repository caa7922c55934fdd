/**
 * What can be told from the bytes of a WebAssembly module: its sections, and what kinds of instructions it is made of.
 */

import { number } from "./units.ts";

/** Magic number and version. */
const HEADER = 8;

const TYPE_SECTION = 1;
export const IMPORT_SECTION = 2;
const FUNCTION_SECTION = 3;
const EXPORT_SECTION = 7;
export const CODE_SECTION = 10;

export interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

/** The sections of a module that has been found to be valid. */
export function sectionsOf(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = HEADER; at < bytes.length; ) {
    const { value: size, next } = number(bytes, at + 1);
    sections.push({ id: bytes[at]!, content: bytes.subarray(next, next + size) });
    at = next + size;
  }
  return sections;
}

export interface CodeFacts {
  /** Whether it computes several numbers at once. */
  readonly hasVectors: boolean;
  /** Bytes of the single numbers that it writes to the memory, of one size; undefined if there are several, or none. */
  readonly storedBytes: number | undefined;
}

/** Of all functions of a module; undefined if there is an instruction that is not known here. */
export function codeFacts(functions: readonly Pick<FunctionCode, "instructions">[]): CodeFacts | undefined {
  const all = functions.map(({ instructions }) => instructions);
  if (!all.every((one) => one !== undefined)) return undefined;
  const has = (code: number) => all.some(({ codes }) => codes[code] === 1);
  const stored = new Set(STORES.filter(([code]) => has(code)).map(([, bytes]) => bytes));
  return { hasVectors: has(VECTOR), storedBytes: stored.size === 1 ? [...stored][0]! : undefined };
}

/** The functions of a section of code, each with its variables. */
function functionsIn(codeSection: Uint8Array): Uint8Array[] {
  const { value: count, next: start } = number(codeSection, 0);
  let at = start;
  return Array.from({ length: count }, () => {
    const { value: size, next } = number(codeSection, at);
    at = next + size;
    return codeSection.subarray(next, at);
  });
}

/** A function of a module. */
export interface FunctionCode {
  /** How many numbers it takes. */
  readonly parameters: number;
  /** Its variables and instructions. */
  readonly body: Uint8Array;
  /** Undefined if one is not known here. */
  readonly instructions: Instructions | undefined;
}

/** What a function's instructions are. */
export interface Instructions {
  /** Where the first one is. */
  readonly start: number;
  /** Where the last loop begins that is in no other block. */
  readonly lastLoop: number | undefined;
  /** 1 for each code of an instruction that there is, and for each number of one of vectors. */
  readonly codes: Uint8Array;
  readonly vectors: Uint8Array;
}

/** All functions of a module that imports none, and which of them is its only export. */
export function codeOf(sections: readonly Section[]): { functions: FunctionCode[]; exported: number } {
  const contentOf = (section: number) => sections.find(({ id }) => id === section)!.content;
  const types = parametersOfTypes(contentOf(TYPE_SECTION));
  const ofFunctions = numbersIn(contentOf(FUNCTION_SECTION));
  const functions = functionsIn(contentOf(CODE_SECTION)).map((body, i) => ({
    parameters: types[ofFunctions[i]!]!,
    body,
    instructions: instructionsIn(body),
  }));
  const exports = contentOf(EXPORT_SECTION);
  // After the count, the name with its length, and the kind.
  return { functions, exported: number(exports, 1 + 1 + exports[1]! + 1).value };
}

function parametersOfTypes(content: Uint8Array): number[] {
  const { value: count, next: start } = number(content, 0);
  let at = start;
  return Array.from({ length: count }, () => {
    const parameters = number(content, at + 1);
    const results = number(content, parameters.next + parameters.value);
    at = results.next + results.value;
    return parameters.value;
  });
}

function numbersIn(content: Uint8Array): number[] {
  const { value: count, next: start } = number(content, 0);
  let at = start;
  return Array.from({ length: count }, () => {
    const { value, next } = number(content, at);
    at = next;
    return value;
  });
}

/** Before the number of a vector instruction. */
const VECTOR = 0xfd;

/** Instructions that write a number, which may be a part of the one at hand, and how many bytes they write. */
const STORES = [
  [0x36, 4],
  [0x37, 8],
  [0x38, 4],
  [0x39, 8],
  [0x3a, 1],
  [0x3b, 2],
  [0x3c, 1],
  [0x3d, 2],
  [0x3e, 4],
] as const;

const [BLOCK, LOOP, IF, END] = [0x02, 0x03, 0x04, 0x0b];

/** Numbers of vector instructions are below. */
const MOST_VECTORS = 512;

/** The instructions of a function; undefined if there is one that is not known here. */
export function instructionsIn(body: Uint8Array): Instructions | undefined {
  const start = afterLocals(body);
  const [codes, vectors] = [new Uint8Array(256), new Uint8Array(MOST_VECTORS)];
  let [depth, lastLoop]: [number, number | undefined] = [0, undefined];
  for (let at = start; at < body.length; ) {
    const code = body[at]!;
    codes[code] = 1;
    if (code === LOOP && depth === 0) lastLoop = at;
    if (code === BLOCK || code === LOOP || code === IF) depth++;
    else if (code === END) depth--;
    if (code === VECTOR) {
      const { value, next } = number(body, at + 1);
      vectors[value] = 1;
      at = afterVectorInstruction(body, value, next);
    } else {
      const end = afterInstruction(body, at);
      if (end === undefined) return undefined;
      at = end;
    }
  }
  return { start, lastLoop, codes, vectors };
}

/** The place of a function's first instruction. */
function afterLocals(body: Uint8Array): number {
  const { value: groups, next } = number(body, 0);
  let at = next;
  // Each says how many locals there are of which type, a byte.
  for (let i = 0; i < groups; i++) at = number(body, at).next + 1;
  return at;
}

/** What follows the code of an instruction: so many numbers of any length, or so many bytes. */
type Operands = { readonly numbers: number } | { readonly bytes: number };

/** From a code to another, both included. */
const OPERANDS: readonly (readonly [first: number, last: number, Operands])[] = [
  // Nothing, an end, a return, a choice of two; comparisons, arithmetic, conversions.
  ...[0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b].map((code) => [code, code, { bytes: 0 }] as const),
  [0x45, 0xc4, { bytes: 0 }],
  // Blocks, branches, calls, variables, the size of the memory, whole constants.
  [0x02, 0x04, { numbers: 1 }],
  [0x0c, 0x0d, { numbers: 1 }],
  [0x10, 0x10, { numbers: 1 }],
  [0x20, 0x24, { numbers: 1 }],
  [0x3f, 0x42, { numbers: 1 }],
  // Loads and stores have an alignment and an offset.
  [0x28, 0x3e, { numbers: 2 }],
  [0x43, 0x43, { bytes: 4 }],
  [0x44, 0x44, { bytes: 8 }],
];

/** By code; undefined for those that are not known. */
const OPERANDS_OF = Array.from(
  { length: 256 },
  (_, code) => OPERANDS.find(([first, last]) => code >= first && code <= last)?.[2],
);

/** Before the number of a conversion that saturates; other instructions that begin so are not used. */
const PREFIX = 0xfc;
const MOST_CONVERSIONS = 7;

/** The end of the instruction at a place, with what it is given. */
function afterInstruction(body: Uint8Array, place: number): number | undefined {
  const [code, at] = [body[place]!, place + 1];
  if (code === PREFIX) return body[at]! <= MOST_CONVERSIONS ? at + 1 : undefined;
  const operands = OPERANDS_OF[code];
  if (operands === undefined) return undefined;
  return "bytes" in operands ? at + operands.bytes : afterNumbers(body, at, operands.numbers);
}

/** The same of a vector instruction of a number that ends at a place. */
function afterVectorInstruction(body: Uint8Array, code: number, next: number): number {
  // Loads and stores, of all or of a part.
  if (code <= 0x0b || code === 0x5c || code === 0x5d) return afterNumbers(body, next, 2);
  if (code >= 0x54 && code <= 0x5b) return afterNumbers(body, next, 2) + 1;
  // A constant, or the places that a vector is put together from.
  if (code === 0x0c || code === 0x0d) return next + 16;
  // A number into a vector or out of it.
  if (code >= 0x15 && code <= 0x22) return next + 1;
  return next;
}

function afterNumbers(body: Uint8Array, place: number, count: number): number {
  let at = place;
  for (let left = count; left > 0; at++) if (body[at]! < 0x80) left--;
  return at;
}

const [VECTOR_STORE, RELAXED_MADD] = [0x0b, 0x105];

/** Whether a function writes several numbers at once. */
export function hasVectorStores({ instructions }: FunctionCode): boolean {
  return instructions?.vectors[VECTOR_STORE] === 1;
}

/** Whether a function has products that are rounded once, together with an addition. */
export function hasFusedProducts({ instructions }: FunctionCode): boolean {
  return instructions?.vectors[RELAXED_MADD] === 1;
}
