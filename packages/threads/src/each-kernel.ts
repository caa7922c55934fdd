/**
 * Kernels that compute four outputs at once where the engine computes one after the other: exponentials, logarithms, divisions and
 * random bits, all else in a kernel with one of them, and reductions that it cannot read four at once; and where it reads one number
 * after the other, such as those of rows. Each lane gets the bits that the engine's code gives.
 *
 * Upstream: such kernels are computed, or read, number by number.
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
import { increased, whileLess } from "./counting.ts";
import { type Each, type Expression, isNumber, type Load, type Operation, type Reduction } from "./expressions.ts";
import { constant, guarded, type Places, placesOf } from "./places.ts";
import { isPlainZero } from "./product.ts";
import { isCondition, simplifier } from "./simplified.ts";
import { addressedLanes, loadLanes, loadTurned } from "./lanes.ts";
import {
  areWithin,
  type Digit,
  digitsOfOutputs,
  distanceOfSteps,
  type Neighbours,
  neighboursOf,
  type Strides,
  stridesOf,
} from "./strides.ts";

const LANES = 4;

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
  try {
    const body = new Writer(simplifiedKernel(each), outputs, locals).body(locals.parameters - 2);
    return kernelModule(imports, locals, body);
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

/** Whether it reads an array in another order than that of the outputs, such as a number for each row. */
export function readsElsewhere({ value, index }: Each): boolean {
  return loadsAmong(usesIn([value])).some((load) => {
    const strides = stridesOf(load.index, { index, step: NO_VARIABLE });
    return (
      strides !== undefined &&
      digitsOfOutputs(strides).some(
        ({ divisor, modulus }) => divisor * modulus < Number.POSITIVE_INFINITY || divisor > 1,
      )
    );
  });
}

/** How often some expressions and their parts are used. */
function usesIn(expressions: readonly Expression[]): Map<Expression, number> {
  const uses = new Map<Expression, number>();
  const count = (expression: Expression): void => {
    const before = uses.get(expression) ?? 0;
    uses.set(expression, before + 1);
    if (before === 0 && expression.kind === "operation") expression.operands.forEach(count);
  };
  expressions.forEach(count);
  return uses;
}

function loadsAmong(uses: ReadonlyMap<Expression, number>): Load[] {
  return [...uses.keys()].filter((expression) => expression.kind === "load");
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

/** How four outputs read an array. */
interface Access {
  readonly neighbours: Neighbours;
  /** Variables with the addresses of lanes. */
  readonly lanes: readonly number[];
  /** From a step to the next, in numbers. */
  readonly distance: number;
  /** Variables for four steps' numbers, if these are read together. */
  readonly columns: readonly number[] | undefined;
  /** Of numbers side by side a variable that says whether there are such; else the array's first is what all four are. */
  readonly there: number | undefined;
}

/** How a load can be written. */
interface LoadPlan extends Pick<Access, "neighbours" | "distance"> {
  /** Whether four steps are read together. */
  readonly isTurned: boolean;
  /** Of a lane's number, in the first step. */
  readonly address: (lane: number) => Code;
  readonly isThere?: (() => Code) | undefined;
}

/** Variables of four neighbouring outputs. */
interface Vector {
  /** The first of them. */
  readonly place: number;
  /** All of them. */
  readonly lanes: number;
  readonly total: number;
  readonly addresses: Map<Load, Access>;
  /** Expressions that have been computed. */
  known: Map<Expression, number>;
}

function newVector(locals: Locals): Vector {
  return {
    place: locals.new("i32"),
    lanes: locals.new("v128"),
    total: locals.new("v128"),
    addresses: new Map(),
    known: new Map(),
  };
}

class Writer {
  readonly #each: Each | Reduction;
  readonly #outputs: number;
  readonly #locals: Locals;
  readonly #stepsLeft: number;
  readonly #place: number;
  /** Several are computed in turn: what one waits for does not keep the other. */
  readonly #vectors: readonly Vector[];
  /** The one that code is written for. */
  #vector: Vector;
  readonly #loads: readonly Load[];
  /** Variables for what is read before it is turned. */
  readonly #rows: readonly number[];
  /** Which of four steps code is written for, if they are taken together. */
  #stepOfFour: number | undefined;
  /** How often expressions are used. */
  readonly #uses: ReadonlyMap<Expression, number>;

  constructor(each: Each | Reduction, outputs: number, locals: Locals) {
    this.#each = each;
    this.#outputs = outputs;
    this.#locals = locals;
    this.#place = locals.new("i32");
    this.#stepsLeft = locals.new("i32");
    this.#uses = usesIn("value" in each ? [each.value] : [each.term, each.result]);
    this.#loads = loadsAmong(this.#uses);
    this.#rows = Array.from({ length: LANES }, () => locals.new("v128"));
    this.#vector = newVector(locals);
    const isTurned = this.#loads.some((load) => this.#accessOf(load).isTurned);
    this.#vectors = isTurned ? [this.#vector] : [this.#vector, newVector(locals)];
  }

  body(begin: number): Code {
    const each = this.#each;
    const end = local.get(begin + 1);
    const width = LANES * this.#vectors.length;
    const last = i32.sub(end, i32.const(width));
    const isBefore = i32.lt_u(local.get(this.#place), last);
    return [
      ...local.set(this.#place, local.get(begin)),
      ...whileLess(this.#place, end, [
        // The last vectors of a range may be computed once more: a range has that many, if not a multiple of it.
        ...local.set(this.#place, select(local.get(this.#place), last, isBefore)),
        ...this.#forEach((i) => [...this.#counted(i), ...this.#addressed()]),
        ...("value" in each ? this.#forEach(() => this.#stored(each.value)) : this.#reduced(each)),
        ...increased(this.#place, width),
      ]),
    ];
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

  #reduced(reduction: Reduction): Code {
    const { steps, initial, result } = reduction;
    const inFours = this.#vectors.length === 1 ? Math.floor(steps / LANES) : 0;
    const begun = this.#forEach(() => local.set(this.#vector.total, this.#number(initial)));
    return [
      ...begun,
      ...this.#times(inFours, () => this.#fourSteps(reduction)),
      ...this.#times(steps - LANES * inFours, () => this.#forEach(() => [...this.#step(reduction), ...this.#moved(1)])),
      ...this.#forEach(() => this.#stored(result)),
    ];
  }

  /** A loop. What is computed in it is not known after it. */
  #times(count: number, body: () => Code): Code {
    if (count === 0) return [];
    const known = this.#vectors.map((vector) => new Map(vector.known));
    const code = body();
    this.#vectors.forEach((vector, i) => {
      vector.known = known[i]!;
    });
    return [
      ...local.set(this.#stepsLeft, i32.const(count)),
      ...repeatWhile(local.get(this.#stepsLeft), code, increased(this.#stepsLeft, -1)),
    ];
  }

  #step({ term, combine }: Reduction): Code {
    const { total } = this.#vector;
    return local.set(total, vectorOf[combine](this.#number(term), local.get(total)));
  }

  /** What lies side by side for the steps of a lane is read by fours. */
  #fourSteps(reduction: Reduction): Code {
    const { known, addresses } = this.#vector;
    const turned = [...addresses.values()].flatMap(({ lanes, neighbours, columns }) => {
      if (columns === undefined || neighbours.kind !== "even") return [];
      return loadTurned(lanes[0]!, neighbours.distance, this.#rows, columns);
    });
    const steps = Array.from({ length: LANES }, (_, step) => {
      this.#vector.known = new Map(known);
      this.#stepOfFour = step;
      return this.#step(reduction);
    });
    this.#stepOfFour = undefined;
    return [...turned, ...steps.flat(), ...this.#moved(LANES)];
  }

  /** Goes on by some steps. */
  #moved(steps: number): Code {
    return [...this.#vector.addresses.values()].flatMap(({ lanes, distance }) =>
      lanes.flatMap((lane) => increased(lane, BYTES * distance * steps)),
    );
  }

  /** Finds the addresses that all loads begin with. */
  #addressed(): Code {
    return this.#loads.flatMap((load) => {
      const { address, isThere, isTurned, ...access } = this.#accessOf(load);
      const addressed = addressedLanes(access.neighbours);
      const lanes = addressed.map(() => this.#locals.new("i32"));
      const columns = isTurned ? Array.from({ length: LANES }, () => this.#locals.new("v128")) : undefined;
      const there = isThere && this.#locals.new("v128");
      this.#vector.addresses.set(load, { ...access, lanes, columns, there });
      return [
        ...lanes.flatMap((variable, i) => local.set(variable, address(addressed[i]!))),
        ...(there === undefined ? [] : local.set(there, isThere!())),
      ];
    });
  }

  #accessOf(load: Load): LoadPlan {
    const [step, steps] = "step" in this.#each ? [this.#each.step, this.#each.steps] : [NO_VARIABLE, 1];
    const strides = stridesOf(load.index, { index: this.#each.index, step });
    const counts = { index: this.#outputs, step: steps };
    if (strides === undefined || !areWithin(load.length, strides, counts)) return this.#guardedAccessOf(load);
    const distance = distanceOfSteps(strides, steps);
    if (distance === undefined) throw new Unknown();
    const neighbours = neighboursOf(strides);
    const isTurned = distance === 1 && steps >= LANES && neighbours.kind === "even" && neighbours.distance > 1;
    return { neighbours, distance, isTurned, address: (lane) => this.#address(load, strides, lane) };
  }

  /** Of a lane's number, in the first step. */
  #address({ array }: Load, strides: Strides, lane: number): Code {
    const place = i32.add(local.get(this.#vector.place), i32.const(lane));
    const index = digitsOfOutputs(strides).map((digit) => valueOf(digit, place, this.#outputs));
    const sum = index.reduce((before, one) => i32.add(before, one), i32.const(strides.constant));
    return i32.add(local.get(array), i32.mul(sum, i32.const(BYTES)));
  }

  /** Of a load that may find no number, or the index of which is no sum of digits. */
  #guardedAccessOf({ array, index, length }: Load): LoadPlan {
    const first = this.#places(index);
    const isSideBySide = first.distance === 1 && first.isAligned && length % LANES === 0;
    const neighbours: Neighbours =
      isSideBySide || first.distance === 0 ? { kind: "even", distance: first.distance } : { kind: "apart" };
    return {
      neighbours,
      distance: 0,
      isTurned: false,
      address: (lane) => guarded(local.get(array), this.#places(index, lane).code, length),
      isThere: isSideBySide
        ? () => i32x4.splat(i32.sub(i32.const(0), i32.lt_u(this.#places(index).code, i32.const(length))))
        : undefined,
    };
  }

  /** Whole numbers that depend on places alone. */
  #places(expression: Expression, lane = 0): Places {
    const { index } = this.#each;
    const isOneStep = "step" in this.#each && this.#each.steps === 1;
    const step = isOneStep ? this.#each.step : NO_VARIABLE;
    const code = i32.add(local.get(this.#vector.place), i32.const(lane));
    const places = placesOf(expression, (variable) => {
      if (variable === index) return { code, distance: 1, isAligned: lane === 0, isNatural: true };
      return variable === step ? constant(0) : undefined;
    });
    if (places === undefined) throw new Unknown();
    return places;
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
      return i32x4[name.slice("i32.".length) as "shl"](this.#number(first), i32.const(bitsOfShift(second)));
    }
    if (name === "i32.rotl") return this.#rotated(first, bitsOfShift(second));
    if (name === "i32.div_s" || name === "i32.rem_s") return this.#lanesOf(this.#places(operation));
    if (!(name in vectorOf)) throw new Unknown();
    // The others ask for zeros with signs and for what is no number, in several instructions.
    if (name === "f32.min" && isOrdinary(second)) return f32x4.pmin(this.#number(first), this.#number(second));
    if (name === "f32.max" && isOrdinary(second)) return f32x4.pmax(this.#number(first), this.#number(second));
    return vectorOf[name as keyof typeof vectorOf](...operands.map((operand) => this.#number(operand)));
  }

  #lanesOf({ code, distance }: Places): Code {
    if (distance === undefined) throw new Unknown();
    return i32x4.add(i32x4.splat(code), v128.lanes(0, distance, 2 * distance, 3 * distance));
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
    const { neighbours, lanes, distance, columns, there } = this.#vector.addresses.get(load)!;
    const step = this.#stepOfFour;
    if (columns !== undefined && step !== undefined) return local.get(columns[step]!);
    const numbers = loadLanes(neighbours, lanes, BYTES * distance * (step ?? 0), this.#vector.place);
    return there === undefined
      ? numbers
      : v128.bitselect(numbers, v128.load32_splat(local.get(lanes[0]!)), local.get(there));
  }
}

/** What a digit adds to an index. */
function valueOf({ divisor, modulus, stride }: Digit, place: Code, outputs: number): Code {
  const quotient = divisor === 1 ? place : i32.div_u(place, i32.const(divisor));
  const isWhole = Math.floor((outputs - 1) / divisor) < modulus;
  const value = isWhole ? quotient : i32.rem_u(quotient, i32.const(modulus));
  return i32.mul(value, i32.const(stride));
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
function bitsOfShift(expression: Expression): number {
  if (expression.kind !== "i32") throw new Unknown();
  return expression.value;
}
