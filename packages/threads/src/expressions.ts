/**
 * What a kernel of the engine computes, read from its code. Each kernel ends with a loop that computes one number after the other,
 * for ranges that its fast loops do not serve. A reduction has another loop inside:
 *
 *     for (; index < end; index++) {
 *       total = initial;
 *       for (step = 0; step < steps; step++) total = combine(term(index, step), total);
 *       output[index] = result(total, index);
 *     }
 *
 * Upstream: what a kernel computes is known to the engine only, which hands on nothing but code.
 */

import type { FunctionCode } from "./sections.ts";
import { number } from "./units.ts";

/** An instruction with its operands, in the order of the code. */
export interface Operation {
  readonly kind: "operation";
  readonly name: OperationName;
  readonly operands: readonly Expression[];
}

/** A number of an array, of whose numbers it is `index`; if there is no such one, it is the first. */
export interface Load {
  readonly kind: "load";
  readonly type: "i32" | "f32";
  /** The variable that has the array's address. */
  readonly array: number;
  readonly index: Expression;
  readonly length: number;
}

export type Expression =
  | Operation
  | Load
  | { readonly kind: "local"; readonly index: number }
  | { readonly kind: "i32"; readonly value: number }
  | { readonly kind: "f32"; readonly bytes: readonly number[] };

/** A kernel each of whose outputs is put together by steps, from `initial` on, and its variables. */
export interface Reduction {
  readonly index: number;
  readonly step: number;
  /** What has been put together. */
  readonly total: number;
  readonly output: number;
  readonly steps: number;
  readonly initial: Expression;
  /** What is put together with the total in a step, and how. */
  readonly term: Expression;
  readonly combine: "f32.add" | "f32.max" | "f32.min";
  readonly result: Expression;
}

/** Codes of operations, with their names and how many operands they have. */
const OPERATIONS = [
  [0x45, "i32.eqz", 1],
  [0x46, "i32.eq", 2],
  [0x47, "i32.ne", 2],
  [0x48, "i32.lt_s", 2],
  [0x49, "i32.lt_u", 2],
  [0x4a, "i32.gt_s", 2],
  [0x4b, "i32.gt_u", 2],
  [0x4f, "i32.ge_u", 2],
  [0x5b, "f32.eq", 2],
  [0x5c, "f32.ne", 2],
  [0x5d, "f32.lt", 2],
  [0x5e, "f32.gt", 2],
  [0x5f, "f32.le", 2],
  [0x60, "f32.ge", 2],
  [0x6a, "i32.add", 2],
  [0x6b, "i32.sub", 2],
  [0x6c, "i32.mul", 2],
  [0x6d, "i32.div_s", 2],
  [0x6e, "i32.div_u", 2],
  [0x6f, "i32.rem_s", 2],
  [0x71, "i32.and", 2],
  [0x72, "i32.or", 2],
  [0x73, "i32.xor", 2],
  [0x74, "i32.shl", 2],
  [0x75, "i32.shr_s", 2],
  [0x76, "i32.shr_u", 2],
  [0x77, "i32.rotl", 2],
  [0x8b, "f32.abs", 1],
  [0x8c, "f32.neg", 1],
  [0x8d, "f32.ceil", 1],
  [0x8e, "f32.floor", 1],
  [0x8f, "f32.trunc", 1],
  [0x90, "f32.nearest", 1],
  [0x91, "f32.sqrt", 1],
  [0x92, "f32.add", 2],
  [0x93, "f32.sub", 2],
  [0x94, "f32.mul", 2],
  [0x95, "f32.div", 2],
  [0x96, "f32.min", 2],
  [0x97, "f32.max", 2],
  [0xb2, "f32.convert_i32_s", 1],
  [0xb3, "f32.convert_i32_u", 1],
  [0xbc, "i32.reinterpret_f32", 1],
  [0xbe, "f32.reinterpret_i32", 1],
  [0x1b, "select", 3],
  // These two begin with another byte.
  [0xfc00, "i32.trunc_sat_f32_s", 1],
  [0xfc01, "i32.trunc_sat_f32_u", 1],
] as const;

export type OperationName = (typeof OPERATIONS)[number][1];

const BY_CODE = new Map(OPERATIONS.map(([code, name, operands]) => [code as number, { name, operands }]));

const [BLOCK, LOOP, IF, END, BRANCH, BRANCH_IF] = [0x02, 0x03, 0x04, 0x0b, 0x0c, 0x0d];
const [RETURN, CALL, DROP] = [0x0f, 0x10, 0x1a];
const [GET, SET, TEE, I32, F32] = [0x20, 0x21, 0x22, 0x41, 0x43];
const [LOAD_I32, LOAD_F32, STORE_I32, STORE_F32] = [0x28, 0x2a, 0x36, 0x38];
/** Before the second byte of a code. */
const PREFIX = 0xfc;
/** Of a block or a loop that gives nothing. */
const NOTHING = 0x40;

/** A kernel each of whose outputs is a number by itself, and its variables. */
export interface Each {
  readonly index: number;
  readonly output: number;
  readonly type: "i32" | "f32";
  readonly value: Expression;
}

/**
 * What a kernel computes; undefined if its code is not that of such a kernel as the engine writes it.
 *
 * @param functions of its module, which it may call
 */
export function computationOf(
  { body, instructions }: FunctionCode,
  functions: readonly FunctionCode[],
): Each | Reduction | undefined {
  const start = instructions?.lastLoop;
  return start === undefined ? undefined : new Reader(body, start, functions).computation();
}

/** Reads code and computes with expressions in place of numbers. */
class Reader {
  readonly #code: Uint8Array;
  readonly #functions: readonly FunctionCode[];
  #at: number;
  #stack: Expression[] = [];
  #locals = new Map<number, Expression>();

  constructor(code: Uint8Array, at: number, functions: readonly FunctionCode[] = []) {
    this.#code = code;
    this.#at = at;
    this.#functions = functions;
  }

  computation(): Each | Reduction | undefined {
    if (!this.#takes(LOOP, NOTHING, BLOCK, NOTHING)) return undefined;
    this.#run();
    const outer = this.#bound(this.#stack.pop());
    if (outer === undefined || !this.#takes(BRANCH_IF, 0)) return undefined;
    this.#run();
    return this.#takes(LOOP, NOTHING, BLOCK, NOTHING) ? this.#reduction(outer.counter) : this.#each(outer.counter);
  }

  #each(index: number): Each | undefined {
    const [address, value, ...others] = this.#stack;
    const type = this.#code[this.#at] === STORE_I32 ? "i32" : "f32";
    if (value === undefined || others.length > 0) return undefined;
    if (!this.#takes(type === "i32" ? STORE_I32 : STORE_F32, 2, 0)) return undefined;
    this.#stack = [];
    const output = addressOf(address, index);
    return this.#endsAfter(index) && output !== undefined ? { index, output, type, value } : undefined;
  }

  /** What a function gives for some arguments, if it comes to its end without loops. */
  results(args: readonly Expression[]): readonly Expression[] | undefined {
    args.forEach((value, i) => void this.#locals.set(i, value));
    const early: { readonly condition: Expression; readonly value: Expression }[] = [];
    this.#run();
    while (this.#takes(IF, NOTHING)) {
      const condition = this.#stack.pop();
      this.#run();
      const value = this.#stack.pop();
      if (condition === undefined || value === undefined || !this.#takes(RETURN, END)) return undefined;
      early.push({ condition, value });
      this.#run();
    }
    if (!this.#takes(END) || this.#at !== this.#code.length) return undefined;
    if (early.length === 0) return this.#stack;
    return [early.reduceRight((rest, { condition, value }) => chosen(value, rest, condition), this.#stack[0]!)];
  }

  /** After the beginning of the loop inside. */
  #reduction(index: number): Reduction | undefined {
    const [address] = this.#stack;
    const before = this.#locals;
    if (this.#stack.length !== 1) return undefined;

    this.#locals = new Map();
    this.#run();
    const inner = this.#bound(this.#stack.pop());
    if (inner?.bound.kind !== "i32" || !this.#takes(BRANCH_IF, 0)) return undefined;
    this.#run();
    const [step, steps] = [inner.counter, inner.bound.value];
    const summed = this.#stepOf(step);
    if (summed === undefined || !this.#takes(BRANCH, 1, END, END)) return undefined;
    const initial = before.get(summed.total);
    if (initial?.kind !== "f32" || !isNumber(before.get(step), 0)) return undefined;

    this.#locals = new Map();
    this.#run();
    const [, result] = this.#stack;
    this.#stack = [];
    if (result === undefined || !this.#takes(STORE_F32, 2, 0)) return undefined;
    if (!this.#endsAfter(index)) return undefined;
    const output = addressOf(address, index);
    return output === undefined ? undefined : { index, step, output, steps, initial, ...summed, result };
  }

  /** Whether all that is left is to count on. */
  #endsAfter(index: number): boolean {
    this.#run();
    const isCounted = isNext(this.#locals.get(index), index);
    return isCounted && this.#takes(BRANCH, 1, END, END, END) && this.#at === this.#code.length;
  }

  /** What the loop inside puts together in which variable, if that and counting is all that it does. */
  #stepOf(step: number): Pick<Reduction, "total" | "term" | "combine"> | undefined {
    if (this.#stack.length !== 1 || !isNext(this.#locals.get(step), step)) return undefined;
    for (const [total, value] of this.#locals) {
      if (value.kind !== "operation" || !isCombination(value.name)) continue;
      const [term, own] = value.operands;
      if (own!.kind === "local" && own!.index === total) return { total, term: term!, combine: value.name };
    }
    return undefined;
  }

  /** The parts of `counter >= bound`. */
  #bound(condition: Expression | undefined): { counter: number; bound: Expression } | undefined {
    if (condition?.kind !== "operation" || condition.name !== "i32.ge_u") return undefined;
    const [counter, bound] = condition.operands;
    return counter!.kind === "local" ? { counter: counter!.index, bound: bound! } : undefined;
  }

  #takes(...codes: readonly number[]): boolean {
    const isThere = codes.every((code, i) => this.#code[this.#at + i] === code);
    if (isThere) this.#at += codes.length;
    return isThere;
  }

  /** Goes on up to an instruction that is none of an expression. */
  #run(): void {
    for (let code = this.#code[this.#at]; code !== undefined; code = this.#code[this.#at]) {
      const prefixed = code === PREFIX ? 256 * PREFIX + this.#code[this.#at + 1]! : code;
      const operation = BY_CODE.get(prefixed);
      if (operation !== undefined) {
        this.#at += code === PREFIX ? 2 : 1;
        this.#apply(operation.name, operation.operands);
      } else if (code === DROP) {
        this.#at++;
        this.#stack.pop();
      } else if (!(code === CALL ? this.#call() : this.#access(code))) return;
    }
  }

  #apply(name: OperationName, count: number): void {
    const operands = this.#stack.splice(this.#stack.length - count, count);
    this.#stack.push({ kind: "operation", name, operands });
  }

  #call(): boolean {
    const { value: place, next } = number(this.#code, this.#at + 1);
    const called = this.#functions[place];
    if (called === undefined) return false;
    const { parameters, body, instructions } = called;
    if (instructions === undefined) return false;
    const args = this.#stack.slice(this.#stack.length - parameters);
    const results = new Reader(body, instructions.start).results(args);
    if (results === undefined) return false;
    this.#stack.splice(this.#stack.length - parameters, parameters, ...results);
    this.#at = next;
    return true;
  }

  /** Variables, constants and loads. */
  #access(code: number): boolean {
    const { value, next } = number(this.#code, this.#at + 1);
    if (code === GET) this.#stack.push(this.#locals.get(value) ?? { kind: "local", index: value });
    else if (code === TEE) this.#locals.set(value, this.#stack.at(-1)!);
    else if (code === SET) this.#locals.set(value, this.#stack.pop()!);
    else if (code === I32) this.#stack.push({ kind: "i32", value: signedOf(value, next - this.#at - 1) });
    else if (code === F32) return this.#constant();
    else return this.#load(code);
    this.#at = next;
    return true;
  }

  #constant(): true {
    this.#stack.push({ kind: "f32", bytes: [...this.#code.subarray(this.#at + 1, this.#at + 5)] });
    this.#at += 5;
    return true;
  }

  #load(code: number): boolean {
    if (code !== LOAD_I32 && code !== LOAD_F32) return false;
    const place = placeOf(this.#stack.at(-1));
    if (place === undefined || !this.#takes(code, 2, 0)) return false;
    this.#stack.pop();
    this.#stack.push({ kind: "load", type: code === LOAD_I32 ? "i32" : "f32", ...place });
    return true;
  }
}

/** A signed number, read as one without a sign of so many bytes. */
function signedOf(value: number, bytes: number): number {
  const range = 2 ** (7 * bytes);
  return value < range / 2 ? value : value - range;
}

/** The parts of `array + 4 * (index < length ? index : 0)`. */
function placeOf(address: Expression | undefined): Pick<Load, "array" | "index" | "length"> | undefined {
  const [offset, array] = operandsOf(address, "i32.add");
  const [chosen, width] = operandsOf(offset, "i32.mul");
  const [index, zero, condition] = operandsOf(chosen, "select");
  const [compared, length] = operandsOf(condition, "i32.lt_u");
  if (array?.kind !== "local" || !isNumber(width, 4) || !isNumber(zero, 0)) return undefined;
  if (index === undefined || compared !== index || length?.kind !== "i32") return undefined;
  return { array: array.index, index, length: length.value };
}

/** The array of `array + 4 * index`. */
function addressOf(address: Expression | undefined, index: number): number | undefined {
  const [array, offset] = operandsOf(address, "i32.add");
  const [counter, width] = operandsOf(offset, "i32.mul");
  const isIndex = counter?.kind === "local" && counter.index === index;
  return isIndex && isNumber(width, 4) && array?.kind === "local" ? array.index : undefined;
}

function chosen(yes: Expression, no: Expression, condition: Expression): Operation {
  return { kind: "operation", name: "select", operands: [yes, no, condition] };
}

function operandsOf(expression: Expression | undefined, name: OperationName): readonly Expression[] {
  return expression?.kind === "operation" && expression.name === name ? expression.operands : [];
}

/** Whether it gives 1 where something holds, and 0 elsewhere. */
export function isComparison({ name }: Operation): boolean {
  return name === "i32.eqz" || /\.(eq|ne|[lg][te](_[su])?)$/.test(name);
}

function isCombination(name: OperationName): name is Reduction["combine"] {
  return name === "f32.add" || name === "f32.max" || name === "f32.min";
}

/** Whether it is `counter + 1`. */
function isNext(expression: Expression | undefined, counter: number): boolean {
  const [own, one] = operandsOf(expression, "i32.add");
  return own?.kind === "local" && own.index === counter && isNumber(one, 1);
}

export function isNumber(expression: Expression | undefined, value: number): boolean {
  return expression?.kind === "i32" && expression.value === value;
}
