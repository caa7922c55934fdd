import { grad, jit, numpy as np, random } from "@jax-js/jax";
import { chiSquarePValue, FALSE_ALARM } from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { dropout } from "../../src/nn/dropout.ts";

/** The rate as it is taken: to the nearest 1/256. */
const taken = (rate: number) => Math.round(256 * rate) / 256;

describe.each([0.1, 0.5, 0.9])("rate %f", (rate) => {
  const kept = 1 / (1 - taken(rate));

  test("an entry is 0, or divided by the share that is kept", () => {
    const values = new Set(dropout(random.key(1), np.ones([100, 7]), rate).dataSync());
    expect([...values].sort()).toEqual([0, Math.fround(kept)]);
  });

  test("as many are dropped as the rate says, of all four bytes of a word alike", () => {
    const size = 40_000;
    const draws = dropout(random.key(2), np.ones([size]), rate).dataSync();
    for (let quarter = 0; quarter < 4; quarter++) {
      const part = draws.slice((quarter * size) / 4, ((quarter + 1) * size) / 4);
      const dropped = part.filter((value: number) => value === 0).length;
      expect(chiSquarePValue([dropped, size / 4 - dropped], [taken(rate), 1 - taken(rate)])).toBeGreaterThan(
        FALSE_ALARM,
      );
    }
  });

  test("two entries of a word are dropped independently", () => {
    const size = 40_000;
    const draws = dropout(random.key(3), np.ones([size]), rate).dataSync();
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < size / 4; i++) {
      const [a, b] = [draws[i] === 0, draws[i + size / 4] === 0];
      counts[2 * Number(a) + Number(b)]!++;
    }
    const p = taken(rate);
    const expected = [(1 - p) ** 2, (1 - p) * p, p * (1 - p), p * p];
    expect(chiSquarePValue(counts, expected)).toBeGreaterThan(FALSE_ALARM);
  });
});

test("a key gives the same entries again, another key others; jit changes nothing", () => {
  const drop = (seed: number) => dropout(random.key(seed), np.ones([64]), 0.5).dataSync();
  expect(drop(1)).toEqual(drop(1));
  expect(drop(1)).not.toEqual(drop(2));
  const jitted = jit((key: np.Array, x: np.Array) => dropout(key, x, 0.5));
  expect(jitted(random.key(1), np.ones([64])).dataSync()).toEqual(drop(1));
});

test("the gradient is what the entries were multiplied by", () => {
  const x = np.arange(1, 51).astype(np.float32);
  const factors = dropout(random.key(4), np.ones([50]), 0.25).dataSync();
  const slope = grad((x: np.Array) => dropout(random.key(4), x, 0.25).mul(3).sum())(x); // biome-ignore format: one line
  expect(slope.dataSync()).toEqual(factors.map((factor: number) => 3 * factor));
});

test("rate 0 changes nothing, and sizes need be no multiple of four", () => {
  expect([...dropout(random.key(5), np.array([1, 2, 3]), 0).dataSync()]).toEqual([1, 2, 3]);
  expect(dropout(random.key(5), np.ones([3, 3]), 0.5).shape).toEqual([3, 3]);
});

test("consumes both", () => {
  for (const rate of [0, 0.5]) {
    const [key, x] = [random.key(6), np.ones([8])];
    dropout(key, x, rate).dispose();
    expect([key.refCount, x.refCount]).toEqual([0, 0]);
  }
});
