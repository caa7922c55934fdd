/**
 * Kernels that compute four outputs at once where the engine computes one after the other: exponentials, logarithms, divisions and
 * random bits, all else in a kernel with one of them, and reductions that it cannot read four at once. Each lane does what the engine's
 * code does, operation by operation, so that the bytes are the same.
 *
 * Upstream: such kernels are computed number by number.
 */

import {
  type Code,
  f32x4,
  i32,
  i32x4,
  kernelModule,
  Locals,
  local,
  repeatWhile,
  select,
  v128,
  vectorOf,
} from "./assembler.ts";
import { increased, whileLess, wholeNumber } from "./counting.ts";
import { type Each, type Expression, isNumber, type Load, type Operation, type Reduction } from "./expressions.ts";
import { isPlainZero, loadsIn } from "./product.ts";
import { isCondition, simplifier } from "./simplified.ts";
import { areWithin, distanceOfSteps, neighboursOf, type Strides, stridesOf } from "./strides.ts";

const LANES = 4;

/** So many vectors are computed in turn: what one waits for does not keep the other. */
const VECTORS = 2;

/** Bytes of a number. */
const BYTES = 4;

/** Outputs between whose multiples a range can be cut: those of a line of the cache. */
export const EACH_UNIT = 16;

/**
 * The kernel that computes what one of the engine's does, with the same arguments.
 *
 * @param outputs all of them, a multiple of 4
 * @param module what the engine's kernel has: parameters, and the content of its section of imports
 * @returns undefined if something in it cannot be computed so
 */
export function eachKernel(
  each: Each | Reduction,
  outputs: number,
  { parameters, imports }: { readonly parameters: number; readonly imports: Code },
): Uint8Array<ArrayBuffer> | undefined {
  const locals = new Locals(parameters);
  const writer = new Writer(simplifiedKernel(each), outputs, locals);
  const body = writer.body(locals.parameters - 2);
  return body === undefined ? undefined : kernelModule(imports, locals, body);
}

function simplifiedKernel(each: Each | Reduction): Each | Reduction {
  const simplified = simplifier();
  if ("value" in each) return { ...each, value: simplified(each.value) };
  const { initial, term, result } = each;
  return { ...each, initial: simplified(initial), term: simplified(term), result: simplified(result) };
}

const NO_VARIABLE = -1;

/** Thrown at what cannot be computed four times at once. */
class Unknown extends Error {}

/** Variables of four neighbouring outputs. */
interface Vector {
  /** The first of them. */
  readonly place: number;
  /** All of them. */
  readonly lanes: number;
  readonly total: number;
  /** Of what is read in the steps of a reduction, the address of each lane's number; one address if they lie side by side. */
  readonly addresses: Map<Load, { readonly lanes: readonly number[]; readonly distance: number }>;
  /** Expressions that have been computed. */
  readonly known: Map<Expression, number>;
}

class Writer {
  readonly #each: Each | Reduction;
  readonly #outputs: number;
  readonly #locals: Locals;
  readonly #stepsLeft: number;
  readonly #place: number;
  readonly #vectors: readonly Vector[];
  /** The one that code is written for. */
  #vector: Vector;
  /** How often expressions are used. */
  readonly #uses = new Map<Expression, number>();

  constructor(each: Each | Reduction, outputs: number, locals: Locals) {
    this.#each = each;
    this.#outputs = outputs;
    this.#locals = locals;
    this.#place = locals.new("i32");
    this.#stepsLeft = locals.new("i32");
    this.#vectors = Array.from({ length: VECTORS }, () => ({
      place: locals.new("i32"),
      lanes: locals.new("v128"),
      total: locals.new("v128"),
      addresses: new Map(),
      known: new Map(),
    }));
    this.#vector = this.#vectors[0]!;
    if ("value" in each) this.#count(each.value);
    else [each.term, each.result].forEach((expression) => void this.#count(expression));
  }

  body(begin: number): Code | undefined {
    const each = this.#each;
    const end = local.get(begin + 1);
    const last = i32.sub(end, i32.const(VECTORS * LANES));
    const isBefore = i32.lt_u(local.get(this.#place), last);
    try {
      return [
        ...local.set(this.#place, local.get(begin)),
        ...whileLess(this.#place, end, [
          // The last vectors of a range may be computed once more: a range has that many, if not a multiple of it.
          ...local.set(this.#place, select(local.get(this.#place), last, isBefore)),
          ...this.#forEach((i) => this.#counted(i)),
          ...("value" in each ? this.#forEach(() => this.#stored(each.value)) : this.#reduced(each)),
          ...increased(this.#place, VECTORS * LANES),
        ]),
      ];
    } catch (error) {
      if (error instanceof Unknown) return undefined;
      throw error;
    }
  }

  /** Code for each of the vectors. */
  #forEach(code: (i: number) => Code): Code {
    return this.#vectors.flatMap((vector, i) => {
      this.#vector = vector;
      return code(i);
    });
  }

  #counted(i: number): Code {
    const { place, lanes } = this.#vector;
    return [
      ...local.set(place, i32.add(local.get(this.#place), i32.const(LANES * i))),
      ...local.set(lanes, i32x4.add(i32x4.splat(local.get(place)), v128.lanes(0, 1, 2, 3))),
    ];
  }

  #stored(value: Expression): Code {
    const place = i32.mul(local.get(this.#vector.place), i32.const(BYTES));
    return v128.store(i32.add(local.get(this.#each.output), place), this.#number(value));
  }

  #reduced({ steps, initial, term, combine, result }: Reduction): Code {
    const first = this.#forEach(() => [
      ...loadsIn(term).flatMap((load) => this.#firstAddresses(load, steps)),
      ...local.set(this.#vector.total, this.#number(initial)),
    ]);
    const step = this.#forEach(() => [
      ...local.set(this.#vector.total, vectorOf[combine](this.#number(term), local.get(this.#vector.total))),
      ...[...this.#vector.addresses.values()].flatMap(({ lanes, distance }) =>
        lanes.flatMap((lane) => increased(lane, BYTES * distance)),
      ),
    ]);
    return [
      ...first,
      ...local.set(this.#stepsLeft, i32.const(steps)),
      ...repeatWhile(local.get(this.#stepsLeft), step, increased(this.#stepsLeft, -1)),
      ...this.#forEach(() => this.#stored(result)),
    ];
  }

  /** The addresses that a load begins with, which are kept. */
  #firstAddresses(load: Load, steps: number): Code {
    const strides = this.#stridesOf(load.index, load.length);
    const distance = distanceOfSteps(strides, steps);
    if (distance === undefined) throw new Unknown();
    const count = neighboursOf(strides) === "apart" ? LANES : 1;
    const lanes = Array.from({ length: count }, () => this.#locals.new("i32"));
    this.#vector.addresses.set(load, { lanes, distance });
    return lanes.flatMap((variable, lane) => local.set(variable, this.#address(load, lane)));
  }

  /** Of a lane's number, in the first step. */
  #address({ array, index }: Load, lane: number): Code {
    const place = local.get(this.#vector.place);
    const counters = new Map([[this.#each.index, lane === 0 ? place : i32.add(place, i32.const(lane))]]);
    if ("step" in this.#each) counters.set(this.#each.step, i32.const(0));
    return i32.add(local.get(array), i32.mul(wholeNumber(index, counters), i32.const(BYTES)));
  }

  #count(expression: Expression): void {
    const uses = this.#uses.get(expression) ?? 0;
    this.#uses.set(expression, uses + 1);
    if (uses === 0 && expression.kind === "operation")
      expression.operands.forEach((operand) => void this.#count(operand));
  }

  /** Four numbers; those that are needed again are computed once. */
  #number(expression: Expression): Code {
    const known = this.#vector.known.get(expression);
    if (known !== undefined) return local.get(known);
    const code = this.#computed(expression);
    if ((this.#uses.get(expression) ?? 0) < 2 || expression.kind === "i32" || expression.kind === "f32") return code;
    return this.#kept(expression, code);
  }

  #kept(expression: Expression, code: Code): Code {
    const variable = this.#locals.new("v128");
    this.#vector.known.set(expression, variable);
    return local.tee(variable, code);
  }

  #computed(expression: Expression): Code {
    if (expression.kind === "i32") return v128.lanes(...Array<number>(LANES).fill(expression.value));
    if (expression.kind === "f32") return v128.repeated(expression.bytes);
    if (expression.kind === "load") return this.#loaded(expression);
    if (expression.kind === "operation") return this.#operated(expression);
    if (expression.index === this.#each.index) return local.get(this.#vector.lanes);
    if ("total" in this.#each && expression.index === this.#each.total) return local.get(this.#vector.total);
    throw new Unknown();
  }

  #operated(operation: Operation): Code {
    const { name, operands } = operation;
    const [first, second] = operands as [Expression, Expression];
    if (name === "i32.reinterpret_f32" || name === "f32.reinterpret_i32") return this.#number(first);
    if (name === "select") return this.#chosen(first, second, operands[2]!);
    // As a number, what holds is 1.
    if (isCondition(operation)) return v128.and(this.#mask(operation), v128.lanes(1, 1, 1, 1));
    if (name === "i32.shl" || name === "i32.shr_s" || name === "i32.shr_u") {
      return i32x4[name.slice("i32.".length) as "shl"](this.#number(first), i32.const(constant(second)));
    }
    if (name === "i32.rotl") return this.#rotated(first, constant(second));
    if (!(name in vectorOf)) throw new Unknown();
    // The others ask for zeros with signs and for what is no number, in several instructions.
    if (name === "f32.min" && isOrdinary(second)) return f32x4.pmin(this.#number(first), this.#number(second));
    if (name === "f32.max" && isOrdinary(second)) return f32x4.pmax(this.#number(first), this.#number(second));
    return vectorOf[name as keyof typeof vectorOf](...operands.map((operand) => this.#number(operand)));
  }

  #chosen(yes: Expression, no: Expression, condition: Expression): Code {
    if (isZero(no)) return v128.and(this.#number(yes), this.#mask(condition));
    if (isZero(yes)) return v128.andnot(this.#number(no), this.#mask(condition));
    return v128.bitselect(this.#number(yes), this.#number(no), this.#mask(condition));
  }

  #rotated(expression: Expression, bits: number): Code {
    const value = this.#number(expression);
    const isKept = this.#vector.known.has(expression);
    const first = isKept ? value : this.#kept(expression, value);
    const again = local.get(this.#vector.known.get(expression)!);
    return vectorOf["i32.or"](i32x4.shl(first, i32.const(bits)), i32x4.shr_u(again, i32.const(32 - bits)));
  }

  /** Ones where a condition holds. */
  #mask(condition: Expression): Code {
    if (!isCondition(condition)) return i32x4.ne(this.#number(condition), v128.zero);
    const { name, operands } = condition;
    if (name === "i32.or" || name === "i32.and") {
      return vectorOf[name](...operands.map((operand) => this.#mask(operand)));
    }
    if (name === "i32.eqz") return i32x4.eq(this.#number(operands[0]!), v128.zero);
    return vectorOf[name as "i32.eq"](...operands.map((operand) => this.#number(operand)));
  }

  #loaded(load: Load): Code {
    const strides = this.#stridesOf(load.index, load.length);
    const known = this.#vector.addresses.get(load)?.lanes;
    const address = (lane: number) => (known === undefined ? this.#address(load, lane) : local.get(known[lane]!));
    const neighbours = neighboursOf(strides);
    if (neighbours === "same") return v128.load32_splat(address(0));
    if (neighbours === "side by side") return v128.load(address(0));
    const rest = [1, 2, 3];
    return rest.reduce<Code>(
      (vector, lane) => v128.load32_lane(lane, address(lane), vector, 0),
      v128.load32_zero(address(0)),
    );
  }

  #stridesOf(index: Expression, length: number): Strides {
    const [step, steps] = "step" in this.#each ? [this.#each.step, this.#each.steps] : [NO_VARIABLE, 1];
    const strides = stridesOf(index, { index: this.#each.index, step });
    if (strides === undefined || !areWithin(length, strides, { index: this.#outputs, step: steps }))
      throw new Unknown();
    return strides;
  }
}

/** Whether all bits are zeros. */
function isZero(expression: Expression): boolean {
  return isNumber(expression, 0) || (expression.kind === "f32" && isPlainZero(expression));
}

/** Whether it is a constant, and a number other than 0. */
function isOrdinary(expression: Expression): boolean {
  if (expression.kind !== "f32") return false;
  const [value] = new Float32Array(Uint8Array.from(expression.bytes).buffer);
  return value !== 0 && !Number.isNaN(value);
}

/** By how many bits all lanes are shifted: the same, which is known. */
function constant(expression: Expression): number {
  if (expression.kind !== "i32") throw new Unknown();
  return expression.value;
}
