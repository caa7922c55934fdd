/** Experiments on pictures in colour. */

import { noise } from "@softdraw/testing/bytes";
import { expect, test } from "vitest";
import { categoricalVae } from "../src/categorical-vae/index.ts";
import { type Dataset, generated } from "../src/data/types.ts";
import type { Experiment } from "../src/experiment.ts";
import { jigsaw } from "../src/jigsaw/index.ts";
import { nearestNeighbourClassifier } from "../src/nearest-neighbours/index.ts";
import { HOOK_TIMEOUT, trainingOf } from "./support.ts";

const SIDE = 16;

/** Colours of one grey, as an eye weighs them: red, green and blue alone, and all three. */
const ALIKE = [
  [255, 0, 0],
  [0, 130, 0],
  [0, 0, 255],
  [76, 76, 76],
];

/** Pictures whose quarters differ in their colours alone, under a little noise. */
function quarters(count: number, name: string): Dataset {
  const grains = noise(count * SIDE * SIDE * 3);
  const images = Uint8Array.from(grains, (grain, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const [y, x] = [Math.floor(pixel / SIDE) % SIDE, pixel % SIDE];
    const quarter = 2 * Number(y >= SIDE / 2) + Number(x >= SIDE / 2);
    return Math.min(255, ALIKE[quarter]![channel]! + (grain % 32));
  });
  return { name, count, height: SIDE, width: SIDE, channels: 3, classes: 1, images, labels: new Uint8Array(count) };
}

const data = { name: "quarters", train: quarters(80, "quarters train"), test: quarters(20, "quarters test") };

async function trained<Config extends { epochs: number; seed: number }>(
  experiment: Experiment<Config>,
  values: object,
) {
  const config = experiment.schema.parse(values);
  const { records, checkpoint } = await trainingOf(experiment)(config, data);
  return { record: records.at(-1)!, pictures: await experiment.pictures({ config, checkpoint }, data) };
}

test("the jigsaw tells pieces apart by their colours", { timeout: HOOK_TIMEOUT }, async () => {
  const { record, pictures } = await trained(jigsaw, {
    epochs: 4,
    batch: 20,
    channels: 8,
    hidden: 16,
    exchanges: 0,
    iterations: 5,
    learningRate: 0.01,
  });
  expect(record.solved).toBe(100);
  const [{ picture }] = pictures as [(typeof pictures)[number]];
  expect(picture.channels).toBe(3);
  // The middle of the first quarter of what was put together: red.
  const at = ((SIDE + 4) * 3 * picture.width + 2 * picture.width + 4 * 3) * 3;
  const [r, g, b] = picture.data.subarray(at, at + 3);
  expect([r! > 200, g! < 64, b! < 64]).toEqual([true, true, true]);
});

test("the autoencoder learns the colour of every pixel", { timeout: HOOK_TIMEOUT }, async () => {
  const settings = { epochs: 16, batch: 20, variables: 2, classes: 4, learningRate: 0.1, network: "linear" };
  const { pictures } = await trained(categoricalVae, settings);
  const { picture } = pictures.find(({ name }) => name === "samples")!;
  expect(picture.channels).toBe(3);
  // The mean of a quarter's middle over the 8 x 8 samples is nearer to its own colour than to another's.
  const step = 3 * SIDE + 2;
  for (const quarter of ALIKE.keys()) {
    const [y, x] = [quarter >> 1, quarter & 1].map((half) => 3 * (4 + 8 * half)) as [number, number];
    const seen = [0, 0, 0];
    for (let tile = 0; tile < 64; tile++) {
      const at = (y + step * (tile >> 3)) * picture.width + x + step * (tile & 7);
      for (const channel of seen.keys()) seen[channel]! += picture.data[at * 3 + channel]! / 64;
    }
    const far = ALIKE.map((colour) => Math.hypot(...colour.map((value, channel) => value - seen[channel]!)));
    expect(far.indexOf(Math.min(...far))).toBe(quarter);
    expect(far[quarter]).toBeLessThan(96);
  }
});

test("the autoencoder learns which of 256 values each colour of a pixel has, in fewer bits", {
  timeout: HOOK_TIMEOUT,
}, async () => {
  const settings = {
    variables: 2,
    classes: 4,
    learningRate: 0.05,
    network: "linear",
    likelihood: "discretized-logistic",
  };
  const config = categoricalVae.schema.parse({ epochs: 8, batch: 20, ...settings });
  const { checkpoint, records } = await trainingOf(categoricalVae)(config, data);
  const results = await categoricalVae.evaluate({ config, checkpoint }, data, {
    seed: 0,
    own: { importanceSamples: 5 },
  });
  const valueOf = (name: string) => results.find((result) => result.name === name)!.value as number;
  const bits = valueOf("bits of the bound");
  const bitsOf = (nats: number) => nats / (3 * SIDE ** 2 * Math.LN2);
  expect(bits).toBeCloseTo(bitsOf(-valueOf("log-likelihood bound")), 6);
  expect(valueOf("bits per dimension")).toBeCloseTo(bitsOf(valueOf("discrete test loss")), 6);
  const trainedBits = categoricalVae.results(records).find(({ name }) => name === "bits per dimension");
  expect(trainedBits!.value).toBeCloseTo(bitsOf(records.at(-1)!.test!), 6);
  // Without a model a value has 8 bits, and the noise alone has 5 of them.
  expect(bits).toBeGreaterThan(3);
  expect(bits).toBeLessThan(7.5);
  expect(() => categoricalVae.check({ ...config, binarize: "static" }, { data })).toThrow(
    "binarize must be none for the likelihood discretized-logistic, of all values, got static.",
  );
});

test("nearest neighbours refuse colours, sides that do not halve twice, and a single class", () => {
  const config = nearestNeighbourClassifier.schema.parse({ batch: 10 });
  const check = (own: Partial<Dataset>) => {
    const train = { ...data.train, channels: 1 as const, classes: 2, ...own };
    return () => nearestNeighbourClassifier.check(config, { data: { ...generated, train, test: train } });
  };
  expect(check({ channels: 3 })).toThrow("dknn takes grey pictures only, and quarters train is in colour: add --grey.");
  expect(check({ height: 18 })).toThrow(
    "sides are multiples of 4 and at least 16, and those of quarters train are 18 x 16",
  );
  expect(check({ classes: 1 })).toThrow("dknn tells classes apart: expected at least 2 in quarters train, got 1.");
  expect(check({})).not.toThrow();
});
