import { grad, jit, numpy as np, random, tree } from "@jax-js/jax";
import { noise } from "@softdraw/testing/bytes";
import {
  kolmogorovCritical,
  kolmogorovSmirnov,
  largestDifference,
  moments,
  normals,
  numericalGradient,
  STANDARD_ERRORS,
} from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { gatherPatches } from "../../src/data/patches.ts";
import type { Dataset } from "../../src/data/types.ts";
import {
  type Convolution,
  flatten,
  initConvolution,
  paddedPatchSize,
  pooledConvolution,
  pooledPatchConvolution,
} from "../../src/nn/convolution.ts";

interface Size {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
  readonly size: number;
}

const array = (values: ArrayLike<number>, shape: number[]) => np.array(Float32Array.from(values), { shape });
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b);

const shapesOf = ({ batch, height, width, channels, outputs, size }: Size) => ({
  images: [height, width, batch, channels],
  weight: [size, outputs, size * channels],
  bias: [outputs],
  result: [(height - size + 1) / 2, (width - size + 1) / 2, batch, outputs],
});

/** Convolution, 2x2 maximum and ReLU, number by number in float64. */
function reference(sizes: Size, images: ArrayLike<number>, weight: ArrayLike<number>, bias: ArrayLike<number>) {
  const { batch, width, channels, outputs, size } = sizes;
  const [rows, columns] = shapesOf(sizes).result as [number, number];
  const convolved = (y: number, x: number, image: number, output: number) => {
    let sum = bias[output]!;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        for (let c = 0; c < channels; c++) {
          const pixel = images[(((y + i) * width + x + j) * batch + image) * channels + c]!;
          sum += pixel * weight[((i * outputs + output) * size + j) * channels + c]!;
        }
      }
    }
    return sum;
  };
  const result: number[] = [];
  for (let y = 0; y < 2 * rows; y += 2) {
    for (let x = 0; x < 2 * columns; x += 2) {
      for (let image = 0; image < batch; image++) {
        for (let output = 0; output < outputs; output++) {
          const at = (down: number, right: number) => convolved(y + down, x + right, image, output);
          result.push(Math.max(0, at(0, 0), at(0, 1), at(1, 0), at(1, 1)));
        }
      }
    }
  }
  return result;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);

describe.each<Size>([
  { batch: 1, height: 6, width: 6, channels: 1, outputs: 30, size: 5 },
  { batch: 3, height: 8, width: 12, channels: 4, outputs: 5, size: 3 },
  { batch: 7, height: 9, width: 5, channels: 3, outputs: 8, size: 2 },
  { batch: 2, height: 4, width: 6, channels: 2, outputs: 3, size: 1 },
  { batch: 5, height: 12, width: 12, channels: 20, outputs: 50, size: 5 },
])("pooledConvolution of $batch images $height x $width x $channels to $outputs, kernel $size", (sizes) => {
  const shapes = shapesOf(sizes);
  const images = normals(1, product(shapes.images));
  const weight = normals(2, product(shapes.weight), 1 / Math.sqrt(sizes.size ** 2 * sizes.channels));
  const bias = normals(3, sizes.outputs, 0.1);
  const layer = (): Convolution => ({ weight: array(weight, shapes.weight), bias: array(bias, shapes.bias) });

  test("is convolution, maximum and ReLU", () => {
    const expected = reference(sizes, images, weight, bias);
    for (const convolve of [pooledConvolution, jit(pooledConvolution)]) {
      const result = convolve(layer(), array(images, shapes.images));
      expect(result.shape).toEqual(shapes.result);
      expect(largestDifference(result.dataSync(), expected)).toBeLessThan(1e-5);
    }
    expect(expected.some((x) => x === 0)).toBe(true);
    expect(expected.some((x) => x > 0)).toBe(true);
  });
});

/** No two places of a square are equal and none is 0, so there is a slope; the step in float64 is far below what parts them. */
const STEP = 1e-6;

describe.each<Size>([
  { batch: 3, height: 6, width: 8, channels: 2, outputs: 3, size: 3 },
  { batch: 2, height: 7, width: 5, channels: 4, outputs: 4, size: 2 },
])("the gradient of pooledConvolution, $batch images $height x $width x $channels, kernel $size", (sizes) => {
  const shapes = shapesOf(sizes);
  const images = normals(4, product(shapes.images));
  const weight = normals(5, product(shapes.weight));
  const bias = normals(6, sizes.outputs);
  const cotangent = normals(7, product(shapes.result));

  test("is the slope of the reference, by weights, biases and images", async () => {
    const loss = (layer: Convolution, given: np.Array) =>
      pooledConvolution(layer, given).mul(array(cotangent, shapes.result)).sum();
    const layer = { weight: array(weight, shapes.weight), bias: array(bias, shapes.bias) };
    const gradients = jit(grad(loss, { argnums: [0, 1] }))(layer, array(images, shapes.images));
    const [ofLayer, ofImages] = gradients as unknown as [Convolution, np.Array];
    const slope = async (f: (x: number[]) => number[], x: number[]) =>
      await numericalGradient((moved) => dot(f(moved), cotangent), x, STEP);
    const ofWeight = await slope((x) => reference(sizes, images, x, bias), weight);
    const ofBias = await slope((x) => reference(sizes, images, weight, x), bias);
    const ofPixels = await slope((x) => reference(sizes, x, weight, bias), images);
    expect(largestDifference(ofLayer.weight.dataSync(), ofWeight)).toBeLessThan(1e-4);
    expect(largestDifference(ofLayer.bias.dataSync(), ofBias)).toBeLessThan(1e-4);
    expect(largestDifference(ofImages.dataSync(), ofPixels)).toBeLessThan(1e-4);
  });
});

/** A data set of `count` noisy images, and its rows as images `[height, width, batch, 1]` of numbers. */
function noisyImages({ height, width }: Size, count: number) {
  const images = noise(count * height * width);
  const dataset: Dataset = {
    name: "noisy",
    classes: 10,
    count,
    height,
    width,
    images,
    labels: new Uint8Array(count),
  };
  const arranged = (rows: Uint32Array) =>
    Array.from({ length: height * width }, (_, at) =>
      Array.from(rows, (row) => images[row * height * width + at]! / 255),
    ).flat();
  return { dataset, arranged };
}

describe.each<Size>([
  { batch: 1, height: 28, width: 28, channels: 1, outputs: 20, size: 5 },
  { batch: 7, height: 8, width: 12, channels: 1, outputs: 4, size: 5 },
  { batch: 3, height: 6, width: 8, channels: 1, outputs: 3, size: 3 },
  { batch: 4, height: 5, width: 5, channels: 1, outputs: 2, size: 2 },
])("pooledPatchConvolution of $batch images $height x $width to $outputs, kernel $size", (sizes) => {
  const shapes = shapesOf(sizes);
  const weight = normals(8, product(shapes.weight), 1 / sizes.size);
  const bias = normals(9, sizes.outputs, 0.1);
  const cotangent = normals(10, product(shapes.result));
  const { dataset, arranged } = noisyImages(sizes, 10);
  const rows = Uint32Array.from({ length: sizes.batch }, (_, i) => (3 * i + 1) % 10);
  const layer = (): Convolution => ({ weight: array(weight, shapes.weight), bias: array(bias, shapes.bias) });
  const patches = () => gatherPatches(dataset, rows, sizes.size);

  test("is convolution, maximum and ReLU of the images that the patches are of", () => {
    const expected = reference(sizes, arranged(rows), weight, bias);
    for (const convolve of [pooledPatchConvolution, jit(pooledPatchConvolution)]) {
      const result = convolve(layer(), patches());
      expect(result.shape).toEqual(shapes.result);
      expect(largestDifference(result.dataSync(), expected)).toBeLessThan(1e-5);
    }
  });

  test("its gradient is the slope of the reference, by weights and biases", async () => {
    const loss = (layer: Convolution, given: np.Array) =>
      pooledPatchConvolution(layer, given).mul(array(cotangent, shapes.result)).sum();
    const gradient = jit(grad(loss))(layer(), patches()) as unknown as Convolution;
    const images = arranged(rows);
    // Of many weights, the first.
    const some = weight.slice(0, 30);
    const ofWeight = await numericalGradient(
      (x) => dot(reference(sizes, images, [...x, ...weight.slice(some.length)], bias), cotangent),
      some,
      STEP,
    );
    const ofBias = await numericalGradient((x) => dot(reference(sizes, images, weight, x), cotangent), bias, STEP);
    expect(largestDifference(gradient.weight.dataSync().slice(0, some.length), ofWeight)).toBeLessThan(1e-4);
    expect(largestDifference(gradient.bias.dataSync(), ofBias)).toBeLessThan(1e-4);
  });
});

test("both layers, and flatten, consume all that they are given", () => {
  const layer = { weight: np.zeros([3, 2, 3]), bias: np.zeros([2]) };
  const images = np.zeros([6, 6, 2, 1]);
  const patches = np.zeros([4, 2, 2, 3, 12]);
  const kept = tree.ref(layer) as Convolution;
  tree.dispose([pooledConvolution(layer, images), pooledPatchConvolution(kept, patches)]);
  for (const array of [layer.weight, layer.bias, images, patches]) expect(array.refCount).toBe(0);
  const maps = np.zeros([2, 2, 3, 5]);
  flatten(maps).dispose();
  expect(maps.refCount).toBe(0);
});

test("flatten gives a row an image: its rows, columns and channels in order", () => {
  const [height, width, batch, channels] = [2, 3, 5, 4];
  const maps = array(Array.from({ length: height * width * batch * channels }, (_, i) => i), [height, width, batch, channels]); // biome-ignore format: one line
  const flat = flatten(maps);
  expect(flat.shape).toEqual([batch, height * width * channels]);
  const expected = Array.from({ length: batch }, (_, image) =>
    Array.from({ length: height * width }, (_, place) =>
      Array.from({ length: channels }, (_, c) => (place * batch + image) * channels + c),
    ).flat(),
  );
  expect(flat.js()).toEqual(expected);
});

test("a patch is padded to a multiple of 4", () => {
  expect([1, 2, 3, 4, 5, 7].map((size) => paddedPatchSize(size))).toEqual([4, 4, 12, 16, 28, 52]);
  expect(paddedPatchSize(5, 3)).toBe(76);
});

/** A seed makes a test pass or fail once and for all; `STANDARD_ERRORS` and `kolmogorovCritical` allow one seed in 10,000 to fail. */
describe("initConvolution", () => {
  const sizes = { size: 5, channels: 16, outputs: 300 };
  const inputs = 5 * 5 * 16;
  const init = (seed: number, initialization: "fan-in" | "he") => {
    const { weight, bias } = initConvolution(random.key(seed), sizes, initialization);
    expect(weight.shape).toEqual([5, 300, 80]);
    expect(bias.shape).toEqual([300]);
    return { weight: weight.dataSync() as Float32Array, bias: bias.dataSync() as Float32Array };
  };

  test("fan-in: weights and biases are uniform within 1/sqrt(inputs)", () => {
    const limit = 1 / Math.sqrt(inputs);
    for (const draws of Object.values(init(1, "fan-in"))) {
      const largest = draws.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(largest).toBeLessThanOrEqual(limit);
      const uniform = kolmogorovSmirnov(draws.slice(), (x) => (x / limit + 1) / 2);
      expect(uniform).toBeLessThan(kolmogorovCritical(draws.length));
    }
  });

  test("he: weights are normal with variance 2/inputs, biases zero", async () => {
    const { weight, bias } = init(2, "he");
    const { count, mean, variance, skewness } = await moments([weight], 0);
    expect(Math.abs(mean)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(2 / inputs / count));
    expect(Math.abs(variance * (inputs / 2) - 1)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(2 / count));
    expect(Math.abs(skewness)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(6 / count));
    expect([...bias]).toEqual(Array(300).fill(0));
  });

  test.each(["fan-in", "he"] as const)("%s: the key is consumed, and gives the same layer again", (initialization) => {
    const bytes = (seed: number) => Buffer.from(init(seed, initialization).weight.buffer);
    expect(bytes(3).equals(bytes(3))).toBe(true);
    expect(bytes(3).equals(bytes(4))).toBe(false);
    const key = random.key(5);
    tree.dispose(initConvolution(key, { size: 1, channels: 4, outputs: 2 }, initialization));
    expect(key.refCount).toBe(0);
  });
});
