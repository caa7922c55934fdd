/**
 * The bound on the log-likelihood against exact enumeration: a code of two choices among three has nine values. Where draws are
 * compared with their law, a right estimate fails for one seed in 10,000; the seeds are fixed.
 */

import { STANDARD_ERRORS } from "@softdraw/testing/numbers";
import { beforeAll, describe, expect, test } from "vitest";
import { categoricalVae } from "../src/categorical-vae/index.ts";
import type { DatasetSplits } from "../src/data/types.ts";
import type { Trained } from "../src/experiment.ts";
import {
  type Config,
  configuration,
  divergence,
  logLikelihood,
  referenceModel,
  softmax,
  train,
} from "./categorical-vae-support.ts";
import { fewDigits, HOOK_TIMEOUT, mean, pixelsOf, sum } from "./support.ts";

const IMAGES = 60;
const [VARIABLES, CLASSES] = [2, 3];
const CODES = CLASSES ** VARIABLES;

let data: DatasetSplits;
let trained: Trained<Config>;
/** For each test image: `log p(x | z)`, `q(z | x)` and `log p(x, z) / q(z | x)` of the nine codes, and the divergence. */
let exact: { likelihoods: number[]; posterior: number[]; logWeights: number[]; divergence: number }[];

beforeAll(async () => {
  data = await fewDigits(120, IMAGES);
  const config = configuration({ variables: VARIABLES, classes: CLASSES, temperature: 0.5, epochs: 1 });
  // After six steps the code matters, and the encoder does not yet exclude any: samples can reach all of them.
  const { checkpoint } = await train(config, data);
  trained = { config, checkpoint };
  exact = enumerate(trained);
}, HOOK_TIMEOUT);

function enumerate({ config, checkpoint }: Trained<Config>): typeof exact {
  const { encode, decode } = referenceModel(checkpoint, config);
  const oneHot = (c: number) => Array.from({ length: CLASSES }, (_, i) => Number(i === c));
  const codes = Array.from({ length: CODES }, (_, z) => [Math.floor(z / CLASSES), z % CLASSES]);
  const decoded = codes.map((code) => decode(code.map(oneHot)));
  return Array.from({ length: IMAGES }, (_, row) => {
    const image = pixelsOf(data.test, row);
    const logits = encode(image);
    const q = logits.map(softmax);
    const posterior = codes.map(([a, b]) => q[0]![a!]! * q[1]![b!]!);
    const likelihoods = decoded.map((pixelLogits) => logLikelihood(image, pixelLogits));
    const logWeights = likelihoods.map((l, z) => l - Math.log(CODES) - Math.log(posterior[z]!));
    return { likelihoods, posterior, logWeights, divergence: divergence(logits) };
  });
}

const expectation = (probabilities: number[], values: number[]) => sum(values.map((x, z) => probabilities[z]! * x));

const variance = (probabilities: number[], values: number[]) => {
  const center = expectation(probabilities, values);
  return expectation(probabilities, values.map((x) => (x - center) ** 2)); // biome-ignore format: one formula
};

const logSumExp = (values: number[]) => {
  const top = Math.max(...values);
  return top + Math.log(sum(values.map((x) => Math.exp(x - top))));
};

/** `log p(x)` of an image. */
const logEvidence = ({ likelihoods }: (typeof exact)[number]) => logSumExp(likelihoods) - Math.log(CODES);

/** The mean over the images of a figure, with the standard error of its estimate from variances of single images. */
const meanOf = (figure: (image: (typeof exact)[number]) => number) => mean(exact.map(figure));
const errorOf = (varianceOf: (image: (typeof exact)[number]) => number) =>
  Math.sqrt(sum(exact.map(varianceOf))) / exact.length;

async function evaluate(importanceSamples: number, seed = 0, examples?: number) {
  const results = await categoricalVae.evaluate(trained, data, { own: { importanceSamples }, seed, examples });
  return Object.fromEntries(results.map((result) => [result.name, result]));
}

const boundOf = async (samples: number, seed: number) => (await evaluate(samples, seed))["log-likelihood bound"]!.value;

describe("the log-likelihood bound", () => {
  test("of one sample is, on average, minus the discrete loss", async () => {
    const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
    const bounds: number[] = [];
    for (const seed of seeds) bounds.push(await boundOf(1, seed));
    const lowerBound = meanOf(({ posterior, logWeights }) => expectation(posterior, logWeights));
    expect(lowerBound).toBeCloseTo(
      meanOf(({ posterior, likelihoods, ...image }) => expectation(posterior, likelihoods) - image.divergence),
      9,
    );
    const error = errorOf(({ posterior, logWeights }) => variance(posterior, logWeights)) / Math.sqrt(seeds.length);
    expect(Math.abs(mean(bounds) - lowerBound)).toBeLessThan(STANDARD_ERRORS * error);
  });

  test("of many samples is log p(x), as the sum over all codes gives it", async () => {
    const samples = 1000;
    /** Variance of the weights relative to their squared mean, which decides how far many samples get. */
    const relative = ({ posterior, logWeights, likelihoods }: (typeof exact)[number]) => {
      const evidence = logSumExp(likelihoods) - Math.log(CODES);
      return expectation(posterior, logWeights.map((w) => Math.exp(2 * (w - evidence)))) - 1; // biome-ignore format: one formula
    };
    // The logarithm of a mean of n weights lies below that of their expectation by half its relative variance.
    const bias = meanOf((image) => relative(image) / (2 * samples));
    const error = errorOf((image) => relative(image) / samples);
    expect(Math.max(...exact.map(relative)) / samples).toBeLessThan(0.15);
    const bound = await boundOf(samples, 1);
    expect(Math.abs(bound + bias - meanOf(logEvidence))).toBeLessThan(STANDARD_ERRORS * error + bias);
  });

  test("grows with the number of samples, towards log p(x)", async () => {
    const bounds: number[] = [];
    for (const samples of [1, 4, 16, 64]) bounds.push(await boundOf(samples, 2));
    bounds.push(meanOf(logEvidence));
    bounds.reduce((lower, upper) => {
      expect(upper).toBeGreaterThan(lower);
      return upper;
    });
  });

  test("is the same for the same seed, and says how it was made", async () => {
    const [first, again, other] = [await evaluate(3, 1, 30), await evaluate(3, 1, 30), await evaluate(3, 2, 30)];
    expect(again).toEqual(first);
    expect(other["log-likelihood bound"]!.value).not.toBe(first["log-likelihood bound"]!.value);
    expect(first["log-likelihood bound"]!.note).toMatch(/^3 importance samples, 30 images, standard error \d+\.\d\d$/);
    expect((await evaluate(1, 1, 10_000))["log-likelihood bound"]!.note).toContain(`${IMAGES} images`);
  });

  test("its progress ends at the whole", async () => {
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => void progress.push([done, total]);
    await categoricalVae.evaluate(trained, data, { examples: 50, seed: 0, onProgress });
    const done = progress.map(([part]) => part);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toEqual([5000, 5000]);
    expect(progress.length).toBeGreaterThan(2);
  });
});

describe("the other figures", () => {
  test("are the parts of the discrete loss, exactly or within the error of their one draw", async () => {
    const results = await evaluate(1);
    expect(results.divergence!.value).toBeCloseTo(meanOf((image) => image.divergence), 4); // biome-ignore format: one line
    const reconstruction = -meanOf(({ posterior, likelihoods }) => expectation(posterior, likelihoods));
    const error = errorOf(({ posterior, likelihoods }) => variance(posterior, likelihoods));
    expect(Math.abs(results.reconstruction!.value - reconstruction)).toBeLessThan(STANDARD_ERRORS * error);
    expect(results["discrete test loss"]!.value).toBeCloseTo(
      results.reconstruction!.value + results.divergence!.value,
      9,
    );
  });

  test("are those of the training's last record", async () => {
    const { records } = await train(trained.config, data);
    const { test: loss, reconstruction, divergence: parts } = records.at(-1)!;
    const results = await evaluate(1);
    expect(results["discrete test loss"]!.value).toBe(loss);
    expect(results.reconstruction!.value).toBe(reconstruction);
    expect(results.divergence!.value).toBe(parts);
  });
});
