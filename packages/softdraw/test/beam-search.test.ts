/** Sequences without replacement, against the enumeration of all of them. */

import { defaultDevice, jit, numpy as np, random } from "@jax-js/jax";
import { device, values } from "@softdraw/testing/device";
import { watchArrays } from "@softdraw/testing/live-arrays";
import {
  chiSquarePValue,
  FALSE_ALARM,
  kolmogorovCritical,
  kolmogorovSmirnov,
  largestDifference,
} from "@softdraw/testing/numbers";
import { type Beam, subset } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import { watchCompilations } from "./compilations.ts";

beforeAll(() => {
  defaultDevice(device);
});

/** A chain of three letters: the logits of a letter by the one before it, which is 0 at the start. */
const CHAIN = [
  [0.5, -0.3, 1],
  [0, 1.2, -0.7],
  [-1, 0.4, 0.2],
];
const LENGTH = 2;

const logSoftmax = (row: number[]) => {
  const sum = Math.log(row.reduce((total, x) => total + Math.exp(x), 0));
  return row.map((x) => x - sum);
};
const sequences = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [a, b]));
const logProbOf = ([a, b]: number[]) => logSoftmax(CHAIN[0]!)[a!]! + logSoftmax(CHAIN[a!]!)[b!]!;

/** The state counts choices, to see that it follows its prefix. */
const step = (state: { sum: np.Array }, last: np.Array) => ({
  logits: np.take(np.array(CHAIN), last.ref, 0),
  state: { sum: state.sum.add(last.astype(np.float32)) },
});
const start = (k: number) => ({ sum: np.zeros([k]) });
const search = (key: np.Array, k: number) => subset.stochasticBeamSearch(key, step, start(k), k, { length: LENGTH });

const read = async ({ choices, logProb, perturbed, state }: Beam<{ sum: np.Array }>) => ({
  choices: (await choices.jsAsync()) as number[][],
  logProb: await values(logProb),
  perturbed: await values(perturbed),
  sum: await values(state.sum),
});

describe("stochasticBeamSearch", () => {
  // On WebGPU a program in a card's place takes minutes for thousands of draws.
  test.skipIf(device === "webgpu")(
    "draws pairs of sequences as Plackett-Luce does from all of them, with Gumbel noise",
    async () => {
      const draws = 3000;
      const searchJitted = jit((key: np.Array) => search(key, 2));
      const p = sequences.map((sequence) => Math.exp(logProbOf(sequence)));
      const names = sequences.map((sequence) => sequence.join(""));
      const counts = new Map<string, number>();
      const tops: number[] = [];
      for (const key of random.split(random.key(1), draws)) {
        const found = await read(searchJitted(key));
        const pair = found.choices.map((sequence) => sequence.join("")).join(" ");
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
        for (const [i, sequence] of found.choices.entries()) {
          expect(found.logProb[i]).toBeCloseTo(logProbOf(sequence), 4);
          expect(found.sum[i]).toBe(sequence[0]);
        }
        expect(found.perturbed[0]).toBeGreaterThan(found.perturbed[1]!);
        tops.push(found.perturbed[0]!);
      }
      const pairs = names.flatMap((a, i) => names.flatMap((b, j) => (i === j ? [] : [{ a, b, i, j }])));
      const observed = pairs.map(({ a, b }) => counts.get(`${a} ${b}`) ?? 0);
      expect(observed.reduce((x, y) => x + y)).toBe(draws);
      const pValue = chiSquarePValue(
        observed,
        pairs.map(({ i, j }) => (p[i]! * p[j]!) / (1 - p[i]!)),
      );
      expect(pValue).toBeGreaterThan(FALSE_ALARM);
      // The largest of all perturbed log-probabilities is a standard Gumbel, whatever the tree.
      const uniform = tops.map((x) => Math.exp(-Math.exp(-x)));
      expect(kolmogorovSmirnov(Float32Array.from(uniform), (x) => x)).toBeLessThan(kolmogorovCritical(draws));
    },
  );

  test("finds every sequence, once, and no more than there are", async () => {
    const { choices, logProb, perturbed } = await read(search(random.key(2), 12));
    expect(choices.slice(0, 9).map(String).sort()).toEqual(sequences.map(String).sort());
    expect(choices.slice(9)).toEqual([
      [-1, -1],
      [-1, -1],
      [-1, -1],
    ]);
    expect(logProb.slice(0, 9).reduce((sum, x) => sum + Math.exp(x), 0)).toBeCloseTo(1, 5);
    expect([...logProb.slice(9), ...perturbed.slice(9)].every((x) => x === Number.NEGATIVE_INFINITY)).toBe(true);
    expect(perturbed).toEqual([...perturbed].sort((a, b) => b - a));
  });

  test("is the same eagerly and under jit, and leaves nothing behind", async () => {
    const eager = await read(search(random.key(3), 4));
    const jitted = await read(jit((key: np.Array) => search(key, 4))(random.key(3)));
    expect(jitted.choices).toEqual(eager.choices);
    expect(largestDifference(jitted.perturbed, eager.perturbed)).toBeLessThan(1e-5);
    const { count } = watchArrays();
    const before = count();
    await read(search(random.key(4), 4));
    expect(count()).toBe(before);
  });

  test("an ended sequence keeps its noise, and an impossible choice is never made", async () => {
    const ending = (_: { sum: np.Array }, last: np.Array) => ({
      // After 2 there is nothing but 2; after the others, never 1.
      logits: np.take(
        np.array([
          [0, Number.NEGATIVE_INFINITY, 0],
          [0, 0, 0],
          [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 0],
        ]),
        last,
        0,
      ),
      state: _,
    });
    const found = await read(subset.stochasticBeamSearch(random.key(5), ending, start(8), 8, { length: 3 }));
    const there = found.choices.filter(([first]) => first !== -1);
    expect(there.map(String).sort()).toEqual(["0,0,0", "0,0,2", "0,2,2", "2,2,2"]);
    for (const [i, choices] of there.entries()) {
      const made = choices.indexOf(2) < 0 ? 3 : choices.indexOf(2) + 1;
      expect(found.logProb[i]).toBeCloseTo(-made * Math.LN2, 5);
    }
  });

  test("a prefix without a possible choice is a dead end, and leaves the others as they are", async () => {
    const none = Number.NEGATIVE_INFINITY;
    // After 1 nothing is possible.
    const table = [CHAIN[0]!, [none, none, none], CHAIN[2]!];
    const blocked = (state: { sum: np.Array }, last: np.Array) => ({
      logits: np.take(np.array(table), last, 0),
      state,
    });
    const found = await read(subset.stochasticBeamSearch(random.key(7), blocked, start(9), 9, { length: LENGTH }));
    const there = sequences.filter(([a]) => a !== 1);
    expect(found.choices.slice(0, 6).map(String).sort()).toEqual(there.map(String).sort());
    for (const [i, sequence] of found.choices.slice(0, 6).entries()) {
      expect(found.logProb[i]).toBeCloseTo(logProbOf(sequence), 4);
    }
    expect(found.choices.slice(6).flat()).toEqual([-1, -1, -1, -1, -1, -1]);
    expect(found.logProb.slice(6)).toEqual([none, none, none]);
    const dead = (state: { sum: np.Array }) => ({ logits: np.full([2, 3], none), state });
    const nothing = await read(subset.stochasticBeamSearch(random.key(8), dead, start(2), 2, { length: 1 }));
    expect(nothing.choices).toEqual([[-1], [-1]]);
    expect(nothing.perturbed).toEqual([none, none]);
  });

  test("a step may look at all choices so far, and positions share what is compiled", async () => {
    const seen: number[][][] = [];
    const looking = (state: { sum: np.Array }, last: np.Array, { position, choices }: subset.BeamPrefixes) => {
      expect(position).toBe(seen.length);
      const rows = choices();
      seen.push(rows.ref.js() as number[][]);
      rows.dispose();
      return step(state, last);
    };
    const search = (length: number) => subset.stochasticBeamSearch(random.key(9), step, start(5), 5, { length });
    const before = await read(search(4));
    const compilations = watchCompilations();
    const counts: number[] = [];
    for (const length of [6, 12]) {
      const earlier = compilations.mock.calls.length;
      await read(search(length));
      counts.push(compilations.mock.calls.length - earlier);
    }
    compilations.mockRestore();
    expect(counts[1]).toBeLessThanOrEqual(counts[0]!);
    expect(counts[0]).toBeGreaterThan(0);
    if (device === "webgpu") return;
    const found = await read(subset.stochasticBeamSearch(random.key(9), looking, start(5), 5, { length: 4 }));
    expect(seen[0]!.flat().every((choice) => choice === -1)).toBe(true);
    expect(found.choices).toEqual(before.choices);
    const lastSeen = seen[3]!;
    expect(lastSeen.every((row) => row[3] === -1 && row[2]! >= 0)).toBe(true);
    for (const row of found.choices) expect(lastSeen.map((seen) => String(seen.slice(0, 3)))).toContain(String(row.slice(0, 3))); // biome-ignore format: short
  });

  test("logits of NaN give NaN", async () => {
    const spoilt = (state: { sum: np.Array }, last: np.Array) => {
      const { logits, state: next } = step(state, last);
      return { logits: np.where(np.arange(3).equal(1), Number.NaN, logits), state: next };
    };
    const found = await read(subset.stochasticBeamSearch(random.key(6), spoilt, start(3), 3, { length: 2 }));
    expect(found.choices.flat().every((choice) => choice === -1)).toBe(true);
    expect([...found.logProb, ...found.perturbed].every(Number.isNaN)).toBe(true);
  });

  test("what does not fit is refused", () => {
    const call =
      (k: number, options: object, from = start(2)) =>
      () =>
        subset.stochasticBeamSearch(random.key(0), step, from, k, options as { length: number });
    expect(call(0, { length: 2 })).toThrow("subset.stochasticBeamSearch: k must be");
    expect(call(2, {})).toThrow("subset.stochasticBeamSearch: length must be");
    expect(call(2, { length: 2, first: 2 ** 40 })).toThrow("first must be a whole number from 0 to 2147483647, got");
    expect(call(3, { length: 2 })).toThrow(
      new RangeError("subset.stochasticBeamSearch: start must have arrays with 3 prefixes, [3, ...], got float32[2]."),
    );
    const short = () => ({ logits: np.zeros([3]), state: start(2) });
    expect(() => subset.stochasticBeamSearch(random.key(0), short, start(2), 2, { length: 1 })).toThrow(
      new RangeError("subset.stochasticBeamSearch: step must return logits [2, n], got float32[3]."),
    );
  });
});
