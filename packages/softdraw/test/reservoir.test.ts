import { chiSquarePValue, FALSE_ALARM } from "@softdraw/testing/numbers";
import { subset } from "softdraw";
import { describe, expect, test } from "vitest";

const count = (n: number) => Array.from({ length: n }, (_, i) => i);
async function* later<Item>(items: Iterable<Item>) {
  for (const item of items) yield item;
}

/** The frequencies of every ordered pair of items over as many seeds, against Plackett-Luce. */
function pValueOfPairs(weights: number[], draws: number): number {
  const total = weights.reduce((a, b) => a + b);
  const pairs = weights.flatMap((_, i) => weights.flatMap((_, j) => (i === j ? [] : [[i, j] as const])));
  const counts = new Map(pairs.map((pair) => [pair.join(), 0]));
  for (let seed = 0; seed < draws; seed++) {
    const pair = subset.reservoir(count(weights.length), 2, { seed, weight: (i) => weights[i]! }).join();
    counts.set(pair, counts.get(pair)! + 1);
  }
  const law = pairs.map(([i, j]) => ((weights[i]! / total) * weights[j]!) / (total - weights[i]!));
  return chiSquarePValue([...counts.values()], law);
}

describe("reservoir", () => {
  // A stream whose weights rise, fall, or lie orders of magnitude apart.
  test.each([[[1, 2, 3, 4, 5, 6]], [[6, 5, 4, 3, 2, 1]], [[1e-3, 1, 1e-3, 1, 0.1]], [[1e300, 2e300, 1e300]]])(
    "draws in the order of Plackett-Luce: weights %j",
    (weights) => {
      expect(pValueOfPairs(weights, 20_000)).toBeGreaterThan(FALSE_ALARM);
    },
  );

  test("takes every item of a long stream alike", () => {
    const counts = new Array<number>(1000).fill(0);
    for (let seed = 0; seed < 2000; seed++) for (const i of subset.reservoir(count(1000), 10, { seed })) counts[i]!++;
    // Counts without replacement vary a little less than the multinomial ones of the test: it errs to the safe side.
    expect(chiSquarePValue(counts, counts.fill.call(new Array(1000), 1 / 1000))).toBeGreaterThan(FALSE_ALARM);
  });

  test("gives the same for the same seed, from an iterable, an async one, a generator", async () => {
    const options = { seed: 5, weight: (i: number) => 1 + (i % 7) };
    const drawn = subset.reservoir(count(5000), 20, options);
    expect(new Set(drawn).size).toBe(20);
    expect(subset.reservoir(new Set(count(5000)), 20, options)).toEqual(drawn);
    expect(await subset.reservoir(later(count(5000)), 20, options)).toEqual(drawn);
    expect(subset.reservoir(count(5000), 20, { ...options, seed: 6 })).not.toEqual(drawn);
    expect(subset.reservoir(count(5000), 20, { ...options, seed: 5 + 2 ** 32 })).not.toEqual(drawn);
  });

  test("never takes weight 0, and returns all there are of fewer than k", () => {
    const weight = (i: number) => i % 2;
    expect(subset.reservoir(count(10), 8, { seed: 0, weight }).sort()).toEqual([1, 3, 5, 7, 9]);
    expect(subset.reservoir([], 3, { seed: 0 })).toEqual([]);
  });

  test("reads a stream once, an item at a time", () => {
    let read = 0;
    function* stream() {
      while (read < 100_000) yield read++;
    }
    let inTurn = 0;
    const weight = (item: number) => {
      // Nothing beyond the item has been read yet.
      if (item === read - 1) inTurn++;
      return 1;
    };
    const drawn = subset.reservoir(stream(), 3, { seed: 1, weight });
    expect([drawn.length, read, inTurn]).toEqual([3, 100_000, 100_000]);
  });

  test("a string is a stream of its letters", () => {
    expect(subset.reservoir("abc", 3, { seed: 0 }).toSorted()).toEqual(["a", "b", "c"]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses the weight %d, naming its item",
    async (bad) => {
      const options = { seed: 0, weight: (x: number) => x };
      const message = `subset.reservoir: the weight of item 3 must be finite and at least 0, got ${bad}.`;
      expect(() => subset.reservoir([1, 2, 0, bad, 5], 2, options)).toThrow(new RangeError(message));
      await expect(subset.reservoir(later([1, 2, 0, bad, 5]), 2, options)).rejects.toThrow(new RangeError(message));
    },
  );

  test("refuses another k or seed, before it reads", () => {
    const unread: Iterable<number> = {
      [Symbol.iterator]() {
        throw new Error("read");
      },
    };
    for (const k of [0, -1, 1.5, Number.NaN]) {
      const message = `subset.reservoir: k must be a positive whole number, got ${k}.`;
      expect(() => subset.reservoir(unread, k, { seed: 0 })).toThrow(new RangeError(message));
    }
    const message = "subset.reservoir: seed must be a whole number, got 0.5.";
    expect(() => subset.reservoir(unread, 1, { seed: 0.5 })).toThrow(new RangeError(message));
    const seedAlone = 0 as unknown as subset.ReservoirOptions<number>;
    const hint = "subset.reservoir: options must be an object such as { seed: 0 }, got 0.";
    expect(() => subset.reservoir(unread, 1, seedAlone)).toThrow(new TypeError(hint));
  });

  test("says what is missing or in another's place", () => {
    const order = "The arguments are items, k, options, in this order.";
    const untyped = (...given: unknown[]) => subset.reservoir(...(given as [number[], number, { seed: number }]));
    expect(() => untyped([1, 2], { seed: 0 })).toThrow(
      new TypeError(`subset.reservoir: k is missing, a positive whole number. ${order}`),
    );
    expect(() => untyped(2, [1, 2], { seed: 0 })).toThrow(
      new TypeError(`subset.reservoir: items must be iterable, got 2. ${order}`),
    );
    expect(() => untyped([1, 2], 1, { seed: 0, weight: 1 })).toThrow(
      new TypeError("subset.reservoir: weight must be a function of an item, got 1."),
    );
  });
});
