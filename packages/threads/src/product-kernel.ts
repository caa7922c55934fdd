/**
 * Kernels of products of matrices that are faster than the engine's, and give the same bytes.
 *
 * Such a kernel computes a tile of the outputs at a time, of some rows and some vectors of four columns, and keeps their sums in
 * registers. The engine's tiles are larger than the processor has registers for, so that it waits for the stack rather than for
 * products. Here they are of eight vectors: fewer would wait for the sums before, and more would not leave registers for the factors.
 * What a tile reads of the right factor stays in the nearest cache, because tiles below each other come one after the other.
 *
 * Each sum is added up in the engine's order, with the engine's roundings. That is step after step, or, where the engine reads four
 * steps at once, in four sums of every fourth step, which are added in the end.
 *
 * Upstream: the engine's tiles are too large, and where a width is no multiple of 4, it computes one number at a time.
 */

import {
  type Code,
  f32x4,
  i32,
  i32x4,
  ifElse,
  kernelModule,
  Locals,
  local,
  repeatWhile,
  select,
  v128,
} from "./assembler.ts";
import { increased, whileLess, wholeNumber } from "./counting.ts";
import type { Expression, Load } from "./expressions.ts";
import { isPlainZero, loadsIn, type Product } from "./product.ts";
import type { Steps } from "./strides.ts";

/** How the engine adds a product up. */
export interface Order {
  /** Four steps at once, rather than one. */
  readonly byFours: boolean;
  /** Each product and its addition are rounded once, together. */
  readonly isFused: boolean;
}

export interface ProductKernel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Outputs that are computed together: only between their multiples a range can begin or end, or at the end of all. */
  readonly unit: number;
}

/** Vectors of sums in a tile. */
const SUMS = 8;

/** Numbers of a vector. */
const LANES = 4;

/** Bytes of a number. */
const BYTES = 4;

/** Of the nearest cache what a tile's factors may fill, and a line of it, in bytes. */
const CACHE = { size: 2 ** 14, line: 64 };

/** Bytes of the outputs that are visited part by part. */
const CHUNK = 2 ** 19;

/**
 * The kernel that computes a product as the engine's kernel does, with the same arguments.
 *
 * @param parameters of the engine's kernel, whole numbers
 * @param imports the content of the engine's section of imports
 * @returns undefined if the steps cannot be added up in that order
 */
export function productKernel(
  product: Product,
  order: Order,
  { parameters, imports }: { readonly parameters: number; readonly imports: Code },
): ProductKernel | undefined {
  if (order.byFours && product.steps % LANES !== 0) return undefined;
  const locals = new Locals(parameters);
  const blocks = blocksOf(product.rows);
  const body = new Writer(product, order, blocks, locals).body();
  const rows = product.batches === 1 ? blocks.rows : product.rows;
  return { bytes: kernelModule(imports, locals, body), unit: rows * product.columns };
}

/** Rows that are computed together, and how many the last block of a batch has. */
interface Blocks {
  readonly rows: number;
  readonly last: number;
}

/** Some blocks for threads to share, of up to 32 rows: what is read of the left factor stays in a near cache. */
function blocksOf(rows: number): Blocks {
  const size = rows < 16 ? rows : 8 * Math.max(1, Math.min(4, Math.floor(rows / 48)));
  return { rows: size, last: size + (rows % size) };
}

/** Steps between two visits to a tile: so many that what it reads stays in the nearest cache, for the tiles below it. */
function stepsOfPart({ left, right, loads, steps }: Product): number {
  const read = [...loadsIn(left), ...loadsIn(right)];
  const bytes = read.map((load) => Math.min(CACHE.line, SUMS * BYTES * loads.get(load)!.step));
  const most = Math.floor(CACHE.size / bytes.reduce((sum, one) => sum + one, 1));
  return Math.ceil(steps / Math.ceil(steps / most));
}

/** Addresses of an array's number: for the first output of a block, for that of a tile, and for a step of the tile. */
interface Addresses {
  readonly block: number;
  readonly tile: number;
  readonly step: number;
}

/** Which of the tile's numbers is computed: its row and column, and in which direction the vector's other numbers are. */
interface Place {
  readonly row: number;
  readonly column: number;
  readonly direction: keyof Steps;
  readonly addresses: keyof Addresses;
}

/** Four columns of a tile, side by side. */
interface Vector {
  /** The first, counted from the tile's first column. */
  readonly column: number;
  /** So many of the last ones are its own; the others are those of the vector before, which it overlaps at the right edge. */
  readonly own: number;
}

/** A vector in one of the tile's rows. */
interface Output extends Vector {
  readonly row: number;
}

const COUNTERS = ["firstRow", "row", "rowsEnd", "step", "stepsLeft", "column", "tilesLeft", "count"] as const;

/** Writes the body of a kernel. */
class Writer {
  readonly #product: Product;
  readonly #order: Order;
  readonly #blocks: Blocks;
  /** Fewer than all steps if tiles are visited several times, and what they sum up is kept in the output meanwhile. */
  readonly #stepsOfPart: number;
  readonly #counters: Readonly<Record<(typeof COUNTERS)[number], number>>;
  readonly #begin: Code;
  readonly #end: Code;
  readonly #output: Omit<Addresses, "step">;
  readonly #addresses: ReadonlyMap<Load, Addresses>;
  readonly #sums: readonly number[];
  readonly #right: readonly number[];
  readonly #left: number;
  readonly #leftRows: number;
  /** Whether four rows of the left factor are computed at once: it takes several arrays, which have them side by side. */
  readonly #isLeftByRows: boolean;

  constructor(product: Product, order: Order, blocks: Blocks, locals: Locals) {
    this.#product = product;
    this.#order = order;
    this.#blocks = blocks;
    this.#stepsOfPart = order.byFours ? product.steps : stepsOfPart(product);
    this.#begin = local.get(locals.parameters - 2);
    this.#end = local.get(locals.parameters - 1);
    const counter = () => locals.new("i32");
    const counters = COUNTERS.map((name) => [name, counter()] as const);
    this.#counters = Object.fromEntries(counters) as Record<(typeof COUNTERS)[number], number>;
    this.#output = { block: counter(), tile: counter() };
    const addresses = () => ({ block: counter(), tile: counter(), step: counter() });
    this.#addresses = new Map([...product.loads.keys()].map((load) => [load, addresses()]));
    const vectors = (count: number) => Array.from({ length: count }, () => locals.new("v128"));
    this.#sums = vectors(SUMS);
    this.#right = vectors(LANES);
    this.#left = locals.new("v128");
    this.#leftRows = locals.new("v128");
    const lefts = loadsIn(product.left);
    this.#isLeftByRows =
      !order.byFours &&
      product.rows % LANES === 0 &&
      lefts.length > 1 &&
      lefts.every((load) => product.loads.get(load)!.row <= 1);
  }

  get #isInParts(): boolean {
    return this.#stepsOfPart < this.#product.steps;
  }

  body(): Code {
    const { rows, columns, batches } = this.#product;
    const end = i32.div_s(this.#end, i32.const(columns));
    const batch = i32.div_s(local.get(this.#counters.firstRow), i32.const(rows));
    const batchEnd = batches === 1 ? end : i32.mul(i32.add(batch, i32.const(1)), i32.const(rows));
    return [
      ...local.set(this.#counters.firstRow, i32.div_s(this.#begin, i32.const(columns))),
      ...whileLess(this.#counters.firstRow, end, [
        ...local.set(this.#counters.rowsEnd, this.#isInParts ? this.#chunkEnd(batchEnd) : batchEnd),
        ...(this.#isInParts ? this.#parts() : this.#whole()),
        ...local.set(this.#counters.firstRow, local.get(this.#counters.rowsEnd)),
      ]),
    ];
  }

  /** Of rows whose outputs stay in a near cache until all parts have been added up; the last chunk takes what is left. */
  #chunkEnd(batchEnd: Code): Code {
    const { rows, columns } = this.#product;
    const blocks = Math.floor(CHUNK / (BYTES * columns * this.#blocks.rows));
    const chunk = this.#blocks.rows * Math.max(1, blocks);
    if (rows < 2 * chunk) return batchEnd;
    const first = local.get(this.#counters.firstRow);
    const isLast = i32.lt_u(i32.sub(batchEnd, first), i32.const(2 * chunk));
    return select(batchEnd, i32.add(first, i32.const(chunk)), isLast);
  }

  #whole(): Code {
    return [...local.set(this.#counters.stepsLeft, i32.const(this.#product.steps)), ...this.#rows()];
  }

  #parts(): Code {
    const all = i32.const(this.#product.steps);
    const left = i32.sub(all, local.get(this.#counters.step));
    const most = i32.const(this.#stepsOfPart);
    return [
      ...local.set(this.#counters.step, i32.const(0)),
      ...whileLess(this.#counters.step, all, [
        ...local.set(this.#counters.stepsLeft, select(left, most, i32.lt_u(left, most))),
        ...this.#rows(),
        ...increased(this.#counters.step, this.#stepsOfPart),
      ]),
    ];
  }

  /** All blocks of the rows from the first to the end. */
  #rows(): Code {
    const { rows, last } = this.#blocks;
    const isLast = i32.eq(i32.sub(local.get(this.#counters.rowsEnd), local.get(this.#counters.row)), i32.const(last));
    return [
      ...local.set(this.#counters.row, local.get(this.#counters.firstRow)),
      ...whileLess(this.#counters.row, local.get(this.#counters.rowsEnd), [
        ...this.#blockAddresses(),
        ...(last === rows ? this.#block(rows) : ifElse(isLast, this.#block(last), this.#block(rows))),
      ]),
    ];
  }

  #blockAddresses(): Code {
    const { sum, columns } = this.#product;
    const output = i32.mul(local.get(this.#counters.row), i32.const(columns));
    const step = this.#isInParts ? local.get(this.#counters.step) : i32.const(0);
    const address = (array: number, index: Code) => i32.add(local.get(array), i32.mul(index, i32.const(BYTES)));
    return [
      ...local.set(this.#output.block, address(sum.output, output)),
      ...[...this.#addresses].flatMap(([{ array, index }, { block }]) =>
        local.set(
          block,
          address(
            array,
            wholeNumber(
              index,
              new Map([
                [sum.index, output],
                [sum.step, step],
              ]),
            ),
          ),
        ),
      ),
    ];
  }

  /** Strips of tiles from left to right, each from top to bottom. */
  #block(rows: number): Code {
    const { columns } = this.#product;
    const width = LANES * this.#vectorsOfTile();
    const whole = columns - (columns % width);
    const vectors = (from: number, to: number): Vector[] =>
      Array.from({ length: Math.floor((to - from) / LANES) }, (_, i) => ({ column: from + LANES * i, own: LANES }));
    const own = columns % LANES;
    const rest = [...vectors(whole, columns), ...(own === 0 ? [] : [{ column: columns - LANES, own }])];
    const first = rest[0]?.column ?? columns;
    return [
      ...local.set(this.#counters.column, i32.const(0)),
      ...whileLess(this.#counters.column, i32.const(whole), [
        ...this.#strip(local.get(this.#counters.column), vectors(0, width), rows),
        ...increased(this.#counters.column, width),
      ]),
      ...(rest.length === 0
        ? []
        : this.#strip(
            i32.const(first),
            rest.map((one) => ({ ...one, column: one.column - first })),
            rows,
          )),
      ...increased(this.#counters.row, rows),
    ];
  }

  /** Of a tile that is not at the right edge: a row more reads the left factor again, a vector more the right one. */
  #vectorsOfTile(): number {
    const { left, right, columns } = this.#product;
    if (this.#order.byFours) return 1;
    const isLeftLarge = !this.#isLeftByRows && loadsIn(left).length > loadsIn(right).length;
    return isLeftLarge && columns >= 4 * LANES ? 4 : 2;
  }

  /** Tiles below each other. */
  #strip(column: Code, vectors: readonly Vector[], rows: number): Code {
    const most = Math.floor(SUMS / (vectors.length * (this.#order.byFours ? LANES : 1)));
    const first = [...this.#addresses].flatMap(([load, { block, tile }]) => {
      const step = this.#product.loads.get(load)!.column;
      return local.set(tile, i32.add(local.get(block), i32.mul(column, i32.const(BYTES * step))));
    });
    const output = i32.add(local.get(this.#output.block), i32.mul(column, i32.const(BYTES)));
    return [
      ...first,
      ...local.set(this.#output.tile, output),
      ...tileHeights(rows, most, this.#isLeftByRows).flatMap(({ height, count }) =>
        this.#times(count, this.#tile(vectors, height)),
      ),
    ];
  }

  #times(count: number, code: Code): Code {
    if (count <= 1) return count === 1 ? code : [];
    const left = local.get(this.#counters.tilesLeft);
    return [
      ...local.set(this.#counters.tilesLeft, i32.const(count)),
      ...repeatWhile(left, code, increased(this.#counters.tilesLeft, -1)),
    ];
  }

  #tile(vectors: readonly Vector[], height: number): Code {
    const outputs = Array.from({ length: height }, (_, row) => vectors.map((vector) => ({ row, ...vector }))).flat();
    const each = this.#order.byFours ? LANES : 1;
    const sums = outputs.map((_, i) => local.get(this.#sums[each * i]!));
    const step = this.#order.byFours ? this.#stepByFours(height) : this.#stepByOne(vectors, height);
    const store = (value: (sum: Code, i: number) => Code) =>
      outputs.flatMap((place, i) => this.#stored(place, value(sums[i]!, i)));
    const { result, columns } = this.#product;
    const finished = store((sum, i) =>
      this.#value(result, { ...outputs[i]!, direction: "column", addresses: "tile" }, sum),
    );
    const isUnfinished = i32.lt_u(
      i32.add(local.get(this.#counters.step), local.get(this.#counters.stepsLeft)),
      i32.const(this.#product.steps),
    );
    return [
      ...this.#begun(outputs),
      ...this.#summedUp(step),
      ...(this.#order.byFours ? outputs.flatMap((_, i) => this.#lanesSummed(LANES * i)) : []),
      ...(this.#isInParts && result.kind !== "local"
        ? ifElse(
            isUnfinished,
            store((sum) => sum),
            finished,
          )
        : finished),
      ...[...this.#addresses].flatMap(([load, { tile }]) =>
        increased(tile, BYTES * height * this.#product.loads.get(load)!.row),
      ),
      ...increased(this.#output.tile, BYTES * height * columns),
    ];
  }

  /** Sums of nothing, or of what was summed up before. */
  #begun(outputs: readonly Output[]): Code {
    const count = outputs.length * (this.#order.byFours ? LANES : 1);
    const zeros = this.#sums.slice(0, count).flatMap((sum) => local.set(sum, v128.zero));
    if (!this.#isInParts) return zeros;
    const before = outputs.flatMap((place, i) => local.set(this.#sums[i]!, this.#outputAt(place)));
    return ifElse(i32.eqz(local.get(this.#counters.step)), zeros, before);
  }

  #summedUp(step: Code): Code {
    const { left, right, loads } = this.#product;
    const read = [...new Set([...loadsIn(left), ...loadsIn(right)])].map(
      (load) => [loads.get(load)!, this.#addresses.get(load)!] as const,
    );
    const steps = this.#order.byFours ? LANES : 1;
    const count = this.#counters.count;
    return [
      ...read.flatMap(([, addresses]) => local.set(addresses.step, local.get(addresses.tile))),
      ...local.set(count, local.get(this.#counters.stepsLeft)),
      ...repeatWhile(
        local.get(count),
        step,
        ...read.map(([by, addresses]) => increased(addresses.step, BYTES * steps * by.step)),
        increased(count, -steps),
      ),
    ];
  }

  #stepByOne(vectors: readonly Vector[], height: number): Code {
    const { right } = this.#product;
    const place = { row: 0, column: 0, direction: "column", addresses: "step" } as const;
    const rows = Array.from({ length: height }, (_, row) => [
      ...this.#leftOf(row),
      ...vectors.flatMap((_, i) => this.#multiplied(this.#right[i]!, this.#sums[vectors.length * row + i]!)),
    ]);
    const columns = vectors.flatMap(({ column }, i) =>
      local.set(this.#right[i]!, this.#value(right, { ...place, column })),
    );
    return [...columns, ...rows.flat()];
  }

  /** A row's number of the left factor, in all lanes. */
  #leftOf(row: number): Code {
    const { left } = this.#product;
    const place = { row, column: 0, direction: "column", addresses: "step" } as const;
    if (!this.#isLeftByRows) return local.set(this.#left, this.#value(left, place));
    const rows = local.get(this.#leftRows);
    const lane = row % LANES;
    return [
      ...(lane === 0 ? local.set(this.#leftRows, this.#value(left, { ...place, direction: "row" })) : []),
      ...local.set(this.#left, f32x4.shuffle(rows, rows, [lane, lane, lane, lane])),
    ];
  }

  #stepByFours(height: number): Code {
    const { left, right } = this.#product;
    const place = { row: 0, column: 0, direction: "step", addresses: "step" } as const;
    const columns = Array.from({ length: LANES }, (_, column) =>
      local.set(this.#right[column]!, this.#value(right, { ...place, column })),
    );
    const rows = Array.from({ length: height }, (_, row) => [
      ...local.set(this.#left, this.#value(left, { ...place, row })),
      ...this.#right.flatMap((vector, i) => this.#multiplied(vector, this.#sums[LANES * row + i]!)),
    ]);
    return [...columns, ...rows].flat();
  }

  #multiplied(right: number, sum: number): Code {
    const [a, b, c] = [local.get(this.#left), local.get(right), local.get(sum)];
    return local.set(sum, this.#order.isFused ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c));
  }

  /** In place of the first of four vectors the sums of the lanes of each, `((first + second) + third) + fourth`. */
  #lanesSummed(first: number): Code {
    const sums = this.#sums.slice(first, first + LANES);
    const [a, b, c, d] = sums.map((sum) => local.get(sum));
    const pairs = [
      f32x4.shuffle(a!, b!, [0, 4, 1, 5]),
      f32x4.shuffle(c!, d!, [0, 4, 1, 5]),
      f32x4.shuffle(a!, b!, [2, 6, 3, 7]),
      f32x4.shuffle(c!, d!, [2, 6, 3, 7]),
    ];
    const [ab, cd, abAfter, cdAfter] = this.#right.map((vector) => local.get(vector));
    const lanes = [
      f32x4.shuffle(ab!, cd!, [0, 1, 4, 5]),
      f32x4.shuffle(ab!, cd!, [2, 3, 6, 7]),
      f32x4.shuffle(abAfter!, cdAfter!, [0, 1, 4, 5]),
      f32x4.shuffle(abAfter!, cdAfter!, [2, 3, 6, 7]),
    ];
    return [
      ...pairs.flatMap((pair, i) => local.set(this.#right[i]!, pair)),
      ...local.set(
        sums[0]!,
        lanes.reduce((sum, lane) => f32x4.add(sum, lane)),
      ),
    ];
  }

  /** Writes four numbers of the output, but for those that the vector before has. */
  #stored(place: Output, value: Code): Code {
    const isOwn = [0, 1, 2, 3].map((lane) => lane >= LANES - place.own);
    const all = place.own === LANES ? value : v128.bitselect(value, this.#outputAt(place), v128.mask(...isOwn));
    return v128.store(local.get(this.#output.tile), all, this.#outputOffset(place));
  }

  #outputAt(place: Output): Code {
    return v128.load(local.get(this.#output.tile), this.#outputOffset(place));
  }

  #outputOffset({ row, column }: Output): number {
    return BYTES * (row * this.#product.columns + column);
  }

  /** Four numbers of an expression. */
  #value(expression: Expression, place: Place, sum: Code = []): Code {
    if (expression.kind === "load") return this.#loaded(expression, place);
    if (expression.kind === "f32") return f32x4.splat(expression.bytes);
    if (expression.kind === "local") return sum;
    if (expression.kind === "i32") throw new TypeError("A whole number is no part of a product.");
    const { name, operands } = expression;
    if (name === "select") {
      return this.#selected(operands, place, sum);
    }
    const instruction = f32x4[name.slice("f32.".length) as "add" | "sub" | "mul" | "div" | "min" | "max" | "sqrt"];
    return instruction(...operands.map((operand) => this.#value(operand, place, sum)));
  }

  #selected([yes, no, condition]: readonly Expression[], place: Place, sum: Code): Code {
    const isNot = this.#notMask(condition!, place, sum);
    // In place of a choice between a number and 0, some bits of the number: that takes less.
    if (isPlainZero(no!)) return v128.andnot(this.#value(yes!, place, sum), isNot);
    if (isPlainZero(yes!)) return v128.and(this.#value(no!, place, sum), isNot);
    return v128.bitselect(this.#value(no!, place, sum), this.#value(yes!, place, sum), isNot);
  }

  /** Ones where a condition does not hold. */
  #notMask(condition: Expression, place: Place, sum: Code): Code {
    if (condition.kind === "load") return i32x4.eq(this.#loaded(condition, place), v128.zero);
    if (condition.kind !== "operation") throw new TypeError("A number is no condition.");
    const [a, b] = condition.operands.map((operand) => this.#value(operand, place, sum));
    return condition.name === "f32.lt" ? v128.not(f32x4.lt(a!, b!)) : f32x4.eq(a!, b!);
  }

  #loaded(load: Load, { row, column, direction, addresses }: Place): Code {
    const steps = this.#product.loads.get(load)!;
    const address = local.get(this.#addresses.get(load)![addresses]);
    const offset = BYTES * (row * steps.row + column * steps.column);
    const apart = steps[direction];
    if (apart === 0) return v128.load32_splat(address, offset);
    if (apart === 1) return v128.load(address, offset);
    const rest = [1, 2, 3];
    return rest.reduce<Code>(
      (vector, lane) => v128.load32_lane(lane, address, vector, offset + BYTES * apart * lane),
      v128.load32_zero(address, offset),
    );
  }
}

/**
 * Heights of tiles below each other, as equal as can be.
 *
 * @param areFours whether they have to be multiples of 4, as all rows are
 */
function tileHeights(rows: number, most: number, areFours: boolean): { height: number; count: number }[] {
  const tiles = Math.ceil(rows / most);
  if (areFours) {
    const whole = Math.floor(rows / most);
    return [
      { height: most, count: whole },
      { height: rows - whole * most, count: tiles - whole },
    ];
  }
  const height = Math.ceil(rows / tiles);
  const tall = rows - tiles * (height - 1);
  return [
    { height, count: tall },
    { height: height - 1, count: tiles - tall },
  ];
}
