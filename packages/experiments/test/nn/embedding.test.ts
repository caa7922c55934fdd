import { grad, numpy as np, random } from "@jax-js/jax";
import { largestDifference, moments, normals, STANDARD_ERRORS } from "@softdraw/testing/numbers";
import { expect, test } from "vitest";
import { embed, initEmbedding } from "../../src/nn/embedding.ts";

const [WORDS, WIDTH] = [5, 3];
const values = normals(1, WORDS * WIDTH);
const table = () => np.array(Float32Array.from(values), { shape: [WORDS, WIDTH] });
const words = [[0, 4, 2], [2, 2, 1]]; // biome-ignore format: one line
const given = () => np.array(words, { dtype: np.int32 });
const rowOf = (word: number) => values.slice(word * WIDTH, (word + 1) * WIDTH);

test("is the rows of the words", () => {
  expect(embed(table(), given()).js()).toEqual(words.map((row) => row.map(rowOf)));
});

test("its gradient adds up at each word what its places get", () => {
  const cotangent = normals(2, 6 * WIDTH);
  const loss = (t: np.Array) => embed(t, given()).mul(np.array(Float32Array.from(cotangent), { shape: [2, 3, WIDTH] })).sum(); // biome-ignore format: one line
  const expected = new Array(WORDS * WIDTH).fill(0);
  words.flat().forEach((word, place) => {
    for (let i = 0; i < WIDTH; i++) expected[word * WIDTH + i] += cotangent[place * WIDTH + i];
  });
  expect(largestDifference(grad(loss)(table()).dataSync(), expected)).toBeLessThan(1e-5);
});

test("begins normal: mean and variance within the errors of so many draws", async () => {
  const { count, mean, variance } = await moments([initEmbedding(random.key(3), 100, 100).dataSync()], 0);
  expect(Math.abs(mean)).toBeLessThan(STANDARD_ERRORS / Math.sqrt(count));
  expect(Math.abs(variance - 1)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(2 / count));
});

test("consumes both", () => {
  const [t, w] = [table(), given()];
  embed(t, w).dispose();
  expect([t.refCount, w.refCount]).toEqual([0, 0]);
});
