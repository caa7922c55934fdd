import { type numpy as np, random } from "@jax-js/jax";
import { expect, test } from "vitest";
import { splitKey, streamKey } from "../../src/nn/keys.ts";

const words = (key: np.Array) => [...key.dataSync()].join();
const draws = (key: np.Array) => [...random.bits(key, [4]).dataSync()].join();

test("splitKey gives so many different keys, the engine's own, and consumes the one it had", () => {
  const key = random.key(7);
  const keys = splitKey(key, 5);
  expect(key.refCount).toBe(0);
  expect(keys.map((k) => k.shape)).toEqual(Array(5).fill([2]));
  const split = [...random.split(random.key(7), 5).dataSync()];
  expect(keys.map(words).join()).toBe(split.join());
  expect(new Set([words(random.key(7)), ...splitKey(random.key(7), 5).map(words)]).size).toBe(6);
  expect(splitKey(random.key(7), 1)).toHaveLength(1);
});

test("a stream is the same every time, and stream 0 is the seed's own key", () => {
  expect(words(streamKey(12, 34))).toBe(words(streamKey(12, 34)));
  expect(draws(streamKey(12, 34))).toBe(draws(streamKey(12, 34)));
  for (const seed of [0, 1, 2 ** 31, 2 ** 32 - 1]) expect(words(streamKey(seed, 0))).toBe(words(random.key(seed)));
});

test("streams of a seed differ from each other, from those of other seeds, and from what the seed's key splits into", () => {
  const seeds = [0, 1, 2, 2 ** 32 - 1];
  const streams = [0, 1, 2, 3, 100, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1];
  const all = seeds.flatMap((seed) => [
    ...streams.map((stream) => draws(streamKey(seed, stream))),
    ...splitKey(random.key(seed), 4).map(draws),
  ]);
  expect(new Set(all).size).toBe(seeds.length * (streams.length + 4));
});

test("the draws of neighbouring streams are unrelated", () => {
  const count = 10_000;
  const uniform = (stream: number) => random.uniform(streamKey(3, stream), [count]).dataSync() as Float32Array;
  const [a, b] = [uniform(1), uniform(2)];
  const products = Array.from(a, (x, i) => 12 * (x - 0.5) * (b[i]! - 0.5));
  const correlation = products.reduce((sum, product) => sum + product, 0) / count;
  // 3.89 standard errors of a correlation of independent draws: one seed in 10,000 would fail.
  expect(Math.abs(correlation)).toBeLessThan(3.89 / Math.sqrt(count));
});
