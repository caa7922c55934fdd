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

/** Undefined if there is an instruction that is not known here. */
export function codeFacts(codeSection: Uint8Array): CodeFacts | undefined {
  let hasVectors = false;
  const stored = new Set<number>();
  for (const body of functionsIn(codeSection)) {
    const codes = instructionsOf(body);
    if (codes === undefined) return undefined;
    hasVectors ||= codes.has(VECTOR);
    for (const [code, bytes] of STORES) if (codes.has(code)) stored.add(bytes);
  }
  return { hasVectors, storedBytes: stored.size === 1 ? [...stored][0]! : undefined };
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
}

/** All functions of a module that imports none, and which of them is its only export. */
export function codeOf(sections: readonly Section[]): { functions: FunctionCode[]; exported: number } {
  const contentOf = (section: number) => sections.find(({ id }) => id === section)!.content;
  const types = parametersOfTypes(contentOf(TYPE_SECTION));
  const ofFunctions = numbersIn(contentOf(FUNCTION_SECTION));
  const functions = functionsIn(contentOf(CODE_SECTION)).map((body, i) => ({
    parameters: types[ofFunctions[i]!]!,
    body,
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

/** Which instructions a function has, by their first bytes; undefined if there is one that is not known here. */
function instructionsOf(body: Uint8Array): Set<number> | undefined {
  const found = new Set<number>();
  for (const place of placesOfInstructions(body)) {
    if (place === undefined) return undefined;
    found.add(body[place]!);
  }
  return found;
}

/** Where the instructions of a function begin, its locals left out; the last is undefined if one is not known here. */
export function* placesOfInstructions(body: Uint8Array): Generator<number | undefined, void> {
  for (let at: number | undefined = afterLocals(body); at === undefined || at < body.length; ) {
    yield at;
    if (at === undefined) return;
    at = body[at] === VECTOR ? afterVectorInstruction(body, at + 1) : afterInstruction(body, at);
  }
}

/** The place of a function's first instruction. */
function afterLocals(body: Uint8Array): number {
  const { value: groups, next } = number(body, 0);
  let at = next;
  // Each says how many locals there are of which type, a byte.
  for (let i = 0; i < groups; i++) at = number(body, at).next + 1;
  return at;
}

/** The end of the instruction at a place, with what it is given: numbers of any length, or a few bytes. */
function afterInstruction(body: Uint8Array, place: number): number | undefined {
  const [code, at] = [body[place]!, place + 1];
  const isIn = (first: number, last: number) => code >= first && code <= last;
  // Nothing, an end, a return, a choice of two; comparisons, arithmetic, conversions.
  if (code <= 0x01 || code === 0x05 || code === 0x0b || code === 0x0f || isIn(0x1a, 0x1b)) return at;
  if (isIn(0x45, 0xc4)) return at;
  // Blocks, branches, calls, variables, the size of the memory, whole constants.
  if (isIn(0x02, 0x04) || isIn(0x0c, 0x0d) || code === 0x10) return afterNumbers(body, at, 1);
  if (isIn(0x20, 0x24) || isIn(0x3f, 0x42)) return afterNumbers(body, at, 1);
  // Loads and stores have an alignment and an offset.
  if (isIn(0x28, 0x3e)) return afterNumbers(body, at, 2);
  if (code === 0x43) return at + 4;
  if (code === 0x44) return at + 8;
  // Conversions that saturate; the other instructions that begin so are not used.
  if (code === 0xfc && body[at]! <= 7) return at + 1;
  return undefined;
}

/** The same of a vector instruction whose number is at a place. */
function afterVectorInstruction(body: Uint8Array, place: number): number {
  const { value: code, next } = number(body, place);
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
  for (let i = 0; i < count; i++) at = number(body, at).next;
  return at;
}

const [VECTOR_STORE, RELAXED_MADD] = [0x0b, 0x105];

/** Whether a function writes several numbers at once. */
export function hasVectorStores(body: Uint8Array): boolean {
  return hasVectorInstruction(body, VECTOR_STORE);
}

/** Whether a function has products that are rounded once, together with an addition. */
export function hasFusedProducts(body: Uint8Array): boolean {
  return hasVectorInstruction(body, RELAXED_MADD);
}

function hasVectorInstruction(body: Uint8Array, code: number): boolean {
  for (const place of placesOfInstructions(body)) {
    if (place !== undefined && body[place] === VECTOR && number(body, place + 1).value === code) return true;
  }
  return false;
}
