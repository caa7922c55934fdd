/** What a page asks of a trained model: the graph of one recording, and how it goes on. */

import { numpy as np } from "@jax-js/jax";
import { watchArrays } from "@softdraw/testing/live-arrays";
import { categorical } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import { generated } from "../src/data/types.ts";
import { continueMotion, inferGraph, withScale } from "../src/graphs/inference.ts";
import { scaleOf } from "../src/graphs/motion.ts";
import { simulate } from "../src/graphs/simulator.ts";
import { streamKey } from "../src/nn/keys.ts";
import { streams } from "../src/training/streams.ts";
import { configuration, referenceNetworks, train } from "./graphs-support.ts";

const config = configuration();
const { particles } = config;
const DRAW = { temperature: 0.5, seed: 7 };

let checkpoint: Checkpoint;
let paths: Float32Array;
/** What the networks see: positions and velocities from their least to their most as -1 to 1. */
let scaled: (value: number, feature: number) => number;
let unscaled: (value: number, feature: number) => number;

beforeAll(async () => {
  ({ checkpoint } = await train(config, generated));
  ({ paths } = await simulate({ system: "springs", particles, count: 1, seed: 2, part: "test", frames: 49 }));
  const { position, velocity } = await scaleOf(config);
  const rangeOf = (feature: number) => (feature < 2 ? position : velocity!);
  scaled = (value, feature) => {
    const { least, most } = rangeOf(feature);
    return -1 + (2 * (value - least)) / (most - least);
  };
  unscaled = (value, feature) => {
    const { least, most } = rangeOf(feature);
    return ((most - least) * (value + 1)) / 2 + least;
  };
});

/** The logits of both kinds of every pair, in float64. */
const expectedLogits = () =>
  referenceNetworks(checkpoint, config).encode(
    Array.from({ length: particles }, (_, particle) =>
      Array.from(paths.subarray(particle * 49 * 4, (particle + 1) * 49 * 4), (value, i) => scaled(value, i % 4)),
    ),
  );

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));
}

describe("a graph that is told", () => {
  test("has the probabilities of the encoder, and draws by them", async () => {
    const logits = expectedLogits();
    const { probabilities, exact, relaxed } = await inferGraph({ config, checkpoint }, paths, DRAW);
    expect(
      largestDifference(
        probabilities,
        logits.map(([none, edge]) => 1 / (1 + Math.exp(none! - edge!))),
      ),
    ).toBeLessThan(1e-5);
    const key = streamKey(DRAW.seed, streams.measuring);
    const array = np.array([logits]);
    const drawn = await categorical.sample(key.ref, array.ref).data();
    const soft = await categorical.relax(key, array, { temperature: DRAW.temperature }).data();
    const edges = (kinds: ArrayLike<number>) => logits.map((_, pair) => kinds[2 * pair + 1]!);
    expect([...exact]).toEqual(edges(drawn));
    expect(largestDifference(relaxed, edges(soft))).toBeLessThan(1e-4);
  });

  test("the temperature moves the relaxed draw to the exact one, and changes nothing else", async () => {
    const warm = await inferGraph({ config, checkpoint }, paths, { ...DRAW, temperature: 5 });
    const cold = await inferGraph({ config, checkpoint }, paths, { ...DRAW, temperature: 1e-4 });
    expect(cold.exact).toEqual(warm.exact);
    expect(cold.probabilities).toEqual(warm.probabilities);
    expect(largestDifference(cold.relaxed, cold.exact)).toBeLessThan(1e-4);
    expect(largestDifference(warm.relaxed, warm.exact)).toBeGreaterThan(0.2);
  });
});

test("a motion goes on as the decoder says, frame by frame, beyond what is predicted in one call", async () => {
  const frame = Float32Array.from({ length: particles * 4 }, (_, i) => paths[Math.floor(i / 4) * 49 * 4 + (i % 4)]!);
  const edges = Float32Array.of(1, 0, 0.25, 1, 0, 0.5);
  const continued = await continueMotion({ config, checkpoint }, frame, edges, 12);
  const kinds = Array.from(edges, (edge) => [1 - edge, edge]);
  const next = referenceNetworks(checkpoint, config).follow(kinds);
  let expected: (readonly number[])[] = Array.from({ length: particles }, (_, particle) =>
    Array.from(frame.subarray(4 * particle, 4 * particle + 4), scaled),
  );
  for (let step = 0; step < 12; step++) {
    expected = next(expected);
    const told = continued.subarray(step * frame.length, (step + 1) * frame.length);
    expect(
      largestDifference(
        told,
        expected.flatMap((features) => features.map(unscaled)),
      ),
    ).toBeLessThan(1e-3);
  }
});

test("with its scale in it, a model tells the same without the simulations that it was trained on", async () => {
  const alone = await withScale({ config, checkpoint });
  // Simulations of another seed have another scale.
  const elsewhere = { ...config, seed: config.seed + 1 };
  const known = await inferGraph({ config, checkpoint }, paths, DRAW);
  expect(await inferGraph({ config: elsewhere, checkpoint: alone }, paths, DRAW)).toEqual(known);
  expect(await inferGraph({ config: elsewhere, checkpoint }, paths, DRAW)).not.toEqual(known);
});

test("a page that asks again and again holds no more arrays", async () => {
  const { count } = watchArrays();
  const ask = async (seed: number) => {
    const { relaxed } = await inferGraph({ config, checkpoint }, paths, { ...DRAW, seed });
    await continueMotion({ config, checkpoint }, paths.slice(0, 12), relaxed, 5);
  };
  // What is compiled keeps constants.
  await ask(1);
  const before = count();
  for (const seed of [2, 3]) await ask(seed);
  expect(count() - before).toBe(0);
});

describe("refuses", () => {
  const trained = (changes: object = {}, metadata: object = {}) => ({
    config: { ...config, ...changes },
    checkpoint: { ...checkpoint, metadata: { ...checkpoint.metadata, ...metadata } },
  });

  test("a model that tells no graph", () =>
    expect(inferGraph(trained({ graph: "true" }), paths, DRAW)).rejects.toThrow(
      "graph must be inferred for a model that tells which particles act on each other, got true.",
    ));

  test("another number of particles or frames", async () => {
    await expect(inferGraph(trained(), paths.subarray(4), DRAW)).rejects.toThrow(
      "paths: expected 588 numbers, got 584.",
    );
    await expect(continueMotion(trained(), new Float32Array(8), new Float32Array(6), 1)).rejects.toThrow(
      "frame: expected 12 numbers, got 8.",
    );
    await expect(continueMotion(trained(), new Float32Array(12), new Float32Array(5), 1)).rejects.toThrow(
      "edges: expected 6 numbers, got 5.",
    );
  });

  test.each([
    ["1", "The checkpoint's scale cannot be read"],
    ['{"position":{"least":1,"most":0},"velocity":{"least":0,"most":1}}', "expected the least to be below the most"],
    ['{"position":', "The checkpoint's scale cannot be read"],
  ])("a scale that is none: %s", (scale, message) =>
    expect(inferGraph(trained({}, { scale }), paths, DRAW)).rejects.toThrow(message),
  );
});
