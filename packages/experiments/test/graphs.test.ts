import { jit, numpy as np, random, tree } from "@jax-js/jax";
import { categorical } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../src/checkpoint/safetensors.ts";
import { generated } from "../src/data/types.ts";
import { accuracyOfRule, bestRule } from "../src/graphs/correlation.ts";
import { graphs } from "../src/graphs/index.ts";
import { estimators, objective, type State, trainingOf } from "../src/graphs/method.ts";
import { gatherBatch, scaleOf, simulationsOf } from "../src/graphs/motion.ts";
import { readTensors } from "../src/nn/tensors.ts";
import { type Config, configuration, referenceNetworks, train as trainOn } from "./graphs-support.ts";
import { digestOf, HOOK_TIMEOUT, mean, sum, type Training } from "./support.ts";

const data = generated;
const train = (config: Config, limit?: { from?: Checkpoint; steps?: number }) => trainOn(config, data, limit);
const range = (length: number) => Array.from({ length }, (_, i) => i);
const last = <T>(values: readonly T[]): T => values.at(-1)!;

/** A training of two epochs of two steps. */
let whole: Training;

beforeAll(async () => {
  whole = await train(configuration());
}, HOOK_TIMEOUT);

/** The scaled frames of a simulation, `[frame][particle][feature]`, and whether there is an edge, by ordered pairs. */
async function shown(config: Config, part: "train" | "validation" | "test", row: number) {
  const [simulations, { position, velocity }] = [await simulationsOf(config, part), await scaleOf(config)];
  const { particles, frames, paths, edges } = simulations;
  const frame = (index: number) =>
    range(particles).map((particle) =>
      range(4).map((feature) => {
        const { least, most } = feature < 2 ? position : velocity;
        const value = paths[((row * particles + particle) * frames + index) * 4 + feature]!;
        return (2 * (value - least)) / (most - least) - 1;
      }),
    );
  const isEdge = range(particles).flatMap((i) =>
    range(particles).flatMap((j) => (i === j ? [] : [edges[(row * particles + i) * particles + j]!])),
  );
  return { frames: range(frames).map(frame), isEdge };
}

/** What the encoder gets. */
const seenPaths = (frames: number[][][]) =>
  frames[0]!.map((_, particle) => frames.slice(0, 49).flatMap((f) => f[particle]!));

/** Squared errors of the frames after the first, the true frame taken every `unroll` frames. */
function squaredErrors(frames: number[][][], unroll: number, next: (frame: number[][]) => number[][]): number[] {
  let frame = frames[0]!;
  return frames.slice(1).map((truth, i) => {
    frame = next(i % unroll === 0 ? frames[i]! : frame);
    return sum(frame.flatMap((features, p) => features.map((value, f) => (value - truth[p]![f]!) ** 2)));
  });
}

describe("the objective", () => {
  test.each<[string, object]>([
    ["springs", {}],
    ["charges, both of whose kinds send messages", { system: "charges", particles: 4 }],
    ["another unroll and variance", { unroll: 7, variance: 0.1 }],
  ])("of %s is that of the networks in float64", async (_, values) => {
    // Without normalization, whose statistics are the batch's: with it the encoder is compared where it is judged.
    const config = configuration({ normalization: false, simulations: 4, ...values });
    const training = trainingOf(config, { data });
    training.update.dispose();
    const state = training.begin();
    const checkpoint = { tensors: await readTensors(state), metadata: {} };
    const rows = Uint32Array.of(0, 1);
    const { particles, unroll, variance } = config;
    const { encode, next } = referenceNetworks(checkpoint, config);
    const drawKinds = async (logits: number[][][]) => {
      const shape = [1, 2, particles * (particles - 1), 2];
      const array = np.array(Float32Array.from(logits.flat(2)), { shape });
      return ((await categorical.relax(random.key(7), array, { temperature: 0.5 }).jsAsync()) as number[][][][])[0]!;
    };
    const simulations = await Promise.all([...rows].map((row) => shown(config, "train", row)));
    const logits = simulations.map(({ frames }) => encode(seenPaths(frames)));
    const kinds = await drawKinds(logits);
    const losses = simulations.map(({ frames }, i) => {
      const errors = squaredErrors(frames, unroll, (frame) => next(frame, kinds[i]!));
      const divergences = logits[i]!.map(([a, b]) => {
        const p = 1 / (1 + Math.exp(a! - b!));
        return Math.log(2) + p * Math.log(p) + (1 - p) * Math.log(1 - p);
      });
      return sum(errors) / (2 * variance) + sum(divergences);
    });
    const window = { first: 0, last: 48, steps: unroll };
    const batch = gatherBatch(await simulationsOf(config, "train"), rows, window, await scaleOf(config));
    const lossOf = jit((model: State["model"], given: typeof batch, key: np.Array, temperature: np.Array) => {
      const [loss] = objective(model, given, config, { key, temperature });
      return loss;
    });
    const loss = await lossOf(tree.ref(state.model), batch, random.key(7), np.array(0.5)).data();
    tree.dispose(state);
    lossOf.dispose();
    const expected = mean(losses) / particles;
    expect(Math.abs(loss[0]! / expected - 1)).toBeLessThan(1e-4);
  });
});

describe("a training", () => {
  test("lowers its loss", async () => {
    const config = configuration({ batch: 8, epochs: 9, hidden: 8, unroll: 2, learningRate: 0.02 });
    const { losses } = await train(config);
    expect(mean(losses.slice(-3))).toBeLessThan(0.7 * mean(losses.slice(0, 3)));
  });

  test("a record has every column, those of the test simulations at the end", () => {
    const records = whole.records;
    const untimed = graphs.columns.filter(({ key }) => !key.endsWith("PerSecond"));
    const [early, end] = records.map((record) => Object.keys(record).sort());
    expect(end).toEqual(["epoch", ...untimed.map(({ key }) => key)].sort());
    expect(early).toEqual(["epoch", ...untimed.flatMap(({ key, isOccasional }) => (isOccasional ? [] : [key]))].sort());
    expect(records.flatMap((record) => Object.values(record)).every(Number.isFinite)).toBe(true);
    expect(graphs.results(records)).toHaveLength(5);
    for (const { series } of graphs.charts(records)) for (const { points } of series) expect(points).toHaveLength(2);
  });

  test.each<[string, object]>([
    ...estimators
      .slice(1)
      .map((estimator): [string, object] => [`the estimator ${estimator}`, { estimator, unroll: 2 }]),
    ["no normalization", { normalization: false }],
    ["the true graph", { graph: "true" }],
    ["no edges", { graph: "none" }],
    ["all edges", { graph: "full" }],
    ["charges", { system: "charges" }],
    ["five particles", { particles: 5, unroll: 2 }],
  ])("with %s takes finite steps of its own", async (_, values) => {
    const { losses } = await train(configuration(values), { steps: 2 });
    expect(losses.every((loss) => loss > 0)).toBe(true);
    expect(losses).not.toEqual(whole.losses.slice(0, 2));
  });

  test("a seed gives the same bytes, also from a checkpoint in the middle of an epoch", async () => {
    const again = await train(configuration(), { steps: 3 });
    expect(again.losses).toEqual(whole.losses.slice(0, 3));
    const from = decodeCheckpoint(encodeCheckpoint(again.checkpoint), "stopped");
    const resumed = await train(configuration(), { from });
    expect(resumed.losses).toEqual(whole.losses.slice(3));
    expect(resumed.records).toEqual(whole.records.slice(1));
    expect(digestOf(resumed.checkpoint)).toBe(digestOf(whole.checkpoint));
  });

  test.each<[object, string]>([
    [{ batch: 9 }, "batch must be at most the 8 simulations to train on, got 9."],
    [
      { system: "charges", graph: "none" },
      "graph must be inferred or true for charges, all of which act on each other, got none.",
    ],
  ])("%j is refused", (values, message) => {
    expect(() => graphs.check(configuration(values), { data })).toThrow(message);
  });

  test.each([{ particles: 1 }, { unroll: 49 }, { graph: "tree" }, { estimator: "exact" }, { system: "gas" }])(
    "%j is no configuration",
    (values) => {
      expect(() => configuration(values)).toThrow(Object.keys(values)[0]);
    },
  );

  test("a checkpoint of other networks is refused", () => {
    const { checkpoint } = whole;
    graphs.check(configuration(), { data, checkpoint });
    expect(() => graphs.check(configuration({ hidden: 8 }), { data, checkpoint })).toThrow("expected shape");
    expect(() => graphs.check(configuration({ graph: "true" }), { data, checkpoint })).toThrow(
      "unknown tensor model.encoder",
    );
  });
});

describe("a trained model", () => {
  const config = configuration();

  test("is judged by its likelier kinds, and by frames that it has not seen", async () => {
    const { checkpoint } = whole;
    const { encode, next } = referenceNetworks(checkpoint, config);
    const results = await graphs.evaluate({ config, checkpoint }, data, { seed: config.seed });
    const simulations = await Promise.all(range(2).map((row) => shown(config, "test", row)));
    const judged = simulations.map(({ frames, isEdge }) => {
      const chosen = encode(seenPaths(frames)).map(([none, edge]) => (edge! > none! ? 1 : 0));
      const kinds = chosen.map((kind) => [1 - kind, kind]);
      const errors = squaredErrors(frames.slice(49, 70), 20, (frame) => next(frame, kinds));
      return { right: chosen.map((kind, pair) => (kind === isEdge[pair] ? 1 : 0)), errors };
    });
    const valueOf = (name: string) => results.find((result) => result.name === name)!.value;
    expect(valueOf("edges")).toBeCloseTo(100 * mean(judged.flatMap(({ right }) => right)), 6);
    for (const [name, step] of [
      ["error after 1 step", 1],
      ["error after 10 steps", 10],
      ["error after 20 steps", 20],
    ] as const) {
      const expected = mean(judged.map(({ errors }) => errors[step - 1]! / 12));
      expect(Math.abs(valueOf(name) / expected - 1)).toBeLessThan(1e-3);
    }
    expect(last(whole.records)).toMatchObject({ test: valueOf("edges"), error1: valueOf("error after 1 step") });
  });

  test("of the true graph tells it, and one of no edges tells none", async () => {
    for (const [graph, share] of [
      ["true", 100],
      ["none", undefined],
    ] as const) {
      const given = configuration({ graph, epochs: 1 });
      const { checkpoint } = await train(given);
      const results = await graphs.evaluate({ config: given, checkpoint }, data, { seed: 1, examples: 30 });
      const { edges } = await simulationsOf({ ...given, seed: 1 }, "test", 30);
      const none = 100 * (1 - sum([...edges]) / (30 * 6));
      expect(results[0]!.value).toBeCloseTo(share ?? none, 6);
      expect(last(results).note).toContain("30 test simulations");
    }
  });

  test("is shown by graphs and by predictions", async () => {
    for (const values of [{}, { system: "charges" }]) {
      const given = configuration(values);
      const { checkpoint } = "system" in values ? await train(given, { steps: 1 }) : whole;
      const drawn = await graphs.pictures({ config: given, checkpoint }, data);
      expect(drawn.map(({ name }) => name)).toEqual(["graphs", "prediction"]);
      for (const { title, caption, alt, picture } of drawn) {
        for (const text of [title, caption, alt]) expect(text).not.toBe("");
        expect(picture.data).toHaveLength(picture.width * picture.height * 3);
        expect(new Set(picture.data).size).toBeGreaterThan(5);
      }
    }
  });
});

describe("correlations", () => {
  test("tell springs better than chance, by the best threshold", async () => {
    const config = configuration({ simulations: 100, particles: 5 });
    const simulations = await simulationsOf(config, "train");
    const rule = bestRule(simulations);
    const right = accuracyOfRule(rule, simulations);
    expect(right).toBeGreaterThan(50);
    for (const threshold of range(41).map((i) => i / 20 - 1)) {
      for (const isEdgeAbove of [true, false]) {
        expect(accuracyOfRule({ threshold, isEdgeAbove }, simulations)).toBeLessThanOrEqual(right);
      }
    }
  });
});
