/** Sampling without replacement from a stream: one pass, k items in memory, the law of `sampleOrdered`. */

import { kindOf } from "../checks.ts";
import { checkOptions } from "../options.ts";

export interface ReservoirOptions<Item> {
  /** Any whole number; the same one gives the same draw. */
  seed: number;
  /** The weight of an item: finite, at least 0. An item of weight 0 is never taken. Default: equal weights. */
  weight?: ((item: Item) => number) | undefined;
}

const RESERVOIR = ["seed", "weight"];

/**
 * k items of a weighted stream, drawn without replacement, in the order drawn: the law of `sampleOrdered` with the
 * logarithms of the weights as logits. All of them, if fewer than k have a positive weight.
 *
 * Each item has the key `log(u) / weight`, u uniform, and the k largest stay: exponential jumps. Rather than a key an
 * item, only the weight to pass over until the next one that stays is drawn: about `k log(n / k)` random numbers.
 *
 * @param items an iterable, read at once, or an async one, which gives a promise
 * @param k a positive whole number
 * @throws RangeError for a k or a seed that is none, and for a negative or infinite weight or NaN, naming the item by
 *   its position
 *
 * Efraimidis, Spirakis, "Weighted random sampling with a reservoir", 2006, algorithm A-ExpJ.
 *
 * @example
 * const lines = subset.reservoir(["a", "bb", "ccc", "dddd"], 2, { seed: 0, weight: (line) => line.length });
 */
export function reservoir<Item>(items: Iterable<Item>, k: number, options: ReservoirOptions<Item>): Item[];
export function reservoir<Item>(
  items: AsyncIterable<Item>,
  k: number,
  options: ReservoirOptions<Item>,
): Promise<Item[]>;
export function reservoir<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  k: number,
  options: ReservoirOptions<Item>,
): Item[] | Promise<Item[]> {
  check(items, k, options);
  const { seed, weight = () => 1 } = options;
  const kept = new Kept<Item>(k, uniforms(seed));
  return isAsync(items) ? readAsync(items, weight, kept) : read(items, weight, kept);
}

/** A string is iterable, but no object that could be asked for a property. */
function isAsync<Item>(items: Iterable<Item> | AsyncIterable<Item>): items is AsyncIterable<Item> {
  return typeof items === "object" && Symbol.asyncIterator in items;
}

function check<Item>(items: Iterable<Item> | AsyncIterable<Item>, k: number, options: ReservoirOptions<Item>): void {
  const order = "The arguments are items, k, options, in this order.";
  const isIterable = Symbol.iterator in Object(items) || Symbol.asyncIterator in Object(items);
  if (!isIterable) throw new TypeError(`subset.reservoir: items must be iterable, got ${kindOf(items)}. ${order}`);
  if (typeof k === "object" || k === undefined) {
    throw new TypeError(`subset.reservoir: k is missing, a positive whole number. ${order}`);
  }
  if (!(Number.isSafeInteger(k) && k >= 1)) {
    throw new RangeError(`subset.reservoir: k must be a positive whole number, got ${kindOf(k)}.`);
  }
  checkOptions("subset.reservoir", options, RESERVOIR, "{ seed: 0 }");
  const { seed, weight } = options;
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`subset.reservoir: seed must be a whole number, got ${kindOf(seed)}.`);
  }
  if (weight !== undefined && typeof weight !== "function") {
    throw new TypeError(`subset.reservoir: weight must be a function of an item, got ${kindOf(weight)}.`);
  }
}

function read<Item>(items: Iterable<Item>, weight: (item: Item) => number, kept: Kept<Item>): Item[] {
  for (const item of items) kept.offer(item, weight(item));
  return kept.inOrder();
}

async function readAsync<Item>(
  items: AsyncIterable<Item>,
  weight: (item: Item) => number,
  kept: Kept<Item>,
): Promise<Item[]> {
  for await (const item of items) kept.offer(item, weight(item));
  return kept.inOrder();
}

interface Entry<Item> {
  readonly item: Item;
  /** log(u) / weight, u uniform: at most 0. */
  readonly key: number;
}

/** The k items of the largest keys so far, as a heap whose root is the one to go next. */
class Kept<Item> {
  readonly #heap: Entry<Item>[] = [];
  readonly #k: number;
  readonly #uniform: () => number;
  #offered = 0;
  /** The weight to pass over until the next item that stays. */
  #jump = 0;

  constructor(k: number, uniform: () => number) {
    this.#k = k;
    this.#uniform = uniform;
  }

  offer(item: Item, weight: number): void {
    const index = this.#offered++;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError(
        `subset.reservoir: the weight of item ${index} must be finite and at least 0, got ${weight}.`,
      );
    }
    if (weight === 0) return;
    if (this.#heap.length < this.#k) {
      this.#add({ item, key: Math.log(this.#uniform()) / weight });
      return;
    }
    this.#jump -= weight;
    if (this.#jump < 0) this.#replace({ item, key: this.#keyAbove(this.#heap[0]!.key, weight) });
  }

  inOrder(): Item[] {
    return this.#heap.toSorted((a, b) => b.key - a.key).map(({ item }) => item);
  }

  /** A key of the given weight that is above a bound: u is uniform between exp(bound * weight) and 1. */
  #keyAbove(bound: number, weight: number): number {
    const above = -Math.expm1(bound * weight);
    return Math.log1p(-above * this.#uniform()) / weight;
  }

  #add(entry: Entry<Item>): void {
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.key <= entry.key) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
    if (heap.length === this.#k) this.#drawJump();
  }

  #replace(entry: Entry<Item>): void {
    const heap = this.#heap;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.key < heap[child]!.key) child++;
      if (heap[child]!.key >= entry.key) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = entry;
    this.#drawJump();
  }

  #drawJump(): void {
    this.#jump = Math.log(this.#uniform()) / this.#heap[0]!.key;
  }
}

/** Uniform numbers between 0 and 1, neither included, with 53 bits: sfc32, a small generator that passes PractRand. */
function uniforms(seed: number): () => number {
  let [a, b, c, counter] = [0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1];
  const next = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return () => ((next() >>> 6) * 2 ** 27 + (next() >>> 5) + 0.5) * 2 ** -53;
}
