/** Draws against the greys that they are drawn from. A right sampler fails at the rate that is stated, for other seeds. */

import { numpy as np, random } from "@jax-js/jax";
import { chiSquarePValue, FALSE_ALARM } from "@softdraw/testing/numbers";
import { expect, test } from "vitest";
import { binarizedDataset, drawnPixels } from "../../src/data/binarized.ts";
import type { Dataset } from "../../src/data/types.ts";
import { fewDigits } from "../support.ts";

/** More pixels than are drawn at once, of a few greys in turn. */
const GREYS = [0, 1, 64, 128, 254, 255];
const COUNT = 1400;

function greyDataset(): Dataset {
  const images = Uint8Array.from({ length: COUNT * 28 * 28 }, (_, i) => GREYS[i % GREYS.length]!);
  return { name: "greys", count: COUNT, height: 28, width: 28, classes: 10, images, labels: new Uint8Array(COUNT) };
}

test("a pixel is ink with the probability of its grey, and nothing else", async () => {
  const grey = greyDataset();
  const { images, ...rest } = await binarizedDataset(grey, "train");
  const { images: _, ...others } = grey;
  expect(rest).toEqual(others);
  const counts = GREYS.map(() => [0, 0]);
  expect(new Set(images)).toEqual(new Set([0, 255]));
  for (const [i, byte] of images.entries()) counts[i % GREYS.length]![byte === 255 ? 1 : 0]!++;
  counts.forEach((observed, i) => {
    const ink = GREYS[i]! / 255;
    if (ink === 0 || ink === 1) expect(observed[1 - ink]).toBe(0);
    else expect(chiSquarePValue(observed, [1 - ink, ink])).toBeGreaterThan(FALSE_ALARM / 4);
  });
});

test("the draws are the same every time, and others for the other part", async () => {
  const [a, again, other] = [greyDataset(), greyDataset(), greyDataset()];
  const first = await binarizedDataset(a, "train");
  expect(await binarizedDataset(a, "train")).toBe(first);
  expect(Buffer.compare((await binarizedDataset(again, "train")).images, first.images)).toBe(0);
  const test = (await binarizedDataset(other, "test")).images;
  // Of a grey of 128, half of the pixels differ.
  const middle = Array.from(test.keys()).filter((i) => i % GREYS.length === GREYS.indexOf(128));
  const differ = middle.filter((i) => test[i] !== first.images[i]).length;
  const p = 2 * (128 / 255) * (127 / 255);
  expect(chiSquarePValue([middle.length - differ, differ], [1 - p, p])).toBeGreaterThan(FALSE_ALARM);
});

test("digits keep their labels, and what is white or black", async () => {
  const { test } = await fewDigits(1, 30);
  const { images, labels } = await binarizedDataset(test, "test");
  expect(labels).toBe(test.labels);
  for (const [i, byte] of test.images.entries()) if (byte === 0 || byte === 255) expect(images[i]).toBe(byte);
  expect(new Set(images)).toEqual(new Set([0, 255]));
});

test("pixels that a step draws are 1 with the probability of their grey", async () => {
  const greys = [0, 0.25, 0.5, 1];
  const drawn = await drawnPixels(random.key(5), np.broadcastTo(np.array(greys), [4000, 4])).data();
  expect(new Set(drawn)).toEqual(new Set([0, 1]));
  for (const [i, ink] of greys.entries()) {
    const ones = Array.from(drawn).filter((pixel, at) => at % 4 === i && pixel === 1).length;
    if (ink === 0 || ink === 1) expect(ones).toBe(4000 * ink);
    else expect(chiSquarePValue([4000 - ones, ones], [1 - ink, ink])).toBeGreaterThan(FALSE_ALARM / 2);
  }
});
