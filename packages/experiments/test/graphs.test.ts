import { grad, jit, numpy as np, random, tree } from "@jax-js/jax";
import { categorical, spanningTree } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../src/checkpoint/safetensors.ts";
import { generated } from "../src/data/types.ts";
import { accuracyOfRule, bestRule } from "../src/graphs/correlation.ts";
import { graphs } from "../src/graphs/index.ts";
import { estimators } from "../src/graphs/inferred.ts";
import { objective, type State, trainingOf } from "../src/graphs/method.ts";
import { gatherBatch, scaleOf, simulationsOf } from "../src/graphs/motion.ts";
import { denseAtEnds, endsOfPairs } from "../src/graphs/pairs.ts";
import { FEATURES, SEEN_FRAMES } from "../src/graphs/systems.ts";
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
  const features = FEATURES[config.system];
  const frame = (index: number) =>
    range(particles).map((particle) =>
      range(features).map((feature) => {
        const { least, most } = feature < 2 ? position : velocity!;
        const value = paths[((row * particles + particle) * frames + index) * features + feature]!;
        return (2 * (value - least)) / (most - least) - 1;
      }),
    );
  const isEdge = range(particles).flatMap((i) =>
    range(particles).flatMap((j) => (i === j ? [] : [edges[(row * particles + i) * particles + j]!])),
  );
  return { frames: range(frames).map(frame), isEdge };
}

/** What the encoder gets. */
const seenPaths = (frames: number[][][], seen = SEEN_FRAMES.springs) =>
  frames[0]!.map((_, particle) => frames.slice(0, seen).flatMap((f) => f[particle]!));

type Next = (frame: readonly (readonly number[])[]) => readonly (readonly number[])[];

/** Squared errors of the frames after the first, the true frame taken every `unroll` frames. */
function squaredErrors(frames: number[][][], unroll: number, next: Next): number[] {
  let frame: ReturnType<Next> = frames[0]!;
  return frames.slice(1).map((truth, i) => {
    frame = next(i % unroll === 0 ? frames[i]! : frame);
    return sum(frame.flatMap((features, p) => features.map((value, f) => (value - truth[p]![f]!) ** 2)));
  });
}

/** Of a pair's logits, the divergence from two kinds that are equally likely. */
function divergenceOfPair([none, edge]: number[]): number {
  const p = 1 / (1 + Math.exp(none! - edge!));
  return Math.log(2) + p * Math.log(p) + (1 - p) * Math.log(1 - p);
}

/** The relaxed draw of a simulation, as kinds of ordered pairs, and its divergence, from the logits of these. */
async function drawnPairs(logits: number[][][]): Promise<{ kinds: number[][]; divergence: number }[]> {
  const shape = [1, logits.length, logits[0]!.length, 2];
  const array = np.array(Float32Array.from(logits.flat(2)), { shape });
  const [drawn] = (await categorical.relax(random.key(7), array, { temperature: 0.5 }).jsAsync()) as number[][][][];
  return drawn!.map((kinds, i) => ({ kinds, divergence: sum(logits[i]!.map(divergenceOfPair)) }));
}

/** The same of trees. */
async function drawnTrees(
  logits: number[][][],
  particles: number,
): Promise<{ kinds: number[][]; divergence: number }[]> {
  const places = range(particles).flatMap((i) => range(particles).flatMap((j) => (i === j ? [] : [[i, j] as const])));
  const matrices = logits.map((pairs) => {
    const matrix = range(particles).map(() => range(particles).map(() => 0));
    places.forEach(([i, j], pair) => {
      const half = (pairs[pair]![1]! - pairs[pair]![0]!) / 2;
      matrix[i]![j]! += half;
      matrix[j]![i]! += half;
    });
    return matrix;
  });
  const shape = [1, logits.length, particles, particles];
  const array = np.array(Float32Array.from(matrices.flat(2)), { shape });
  const relaxed = spanningTree.perturbed.relax(random.key(7), array, { temperature: 0.5 });
  const [drawn] = (await relaxed.jsAsync()) as number[][][][];
  return drawn!.map((tree, i) => ({
    kinds: places.map(([a, b]) => [1 - tree[a]![b]!, tree[a]![b]!]),
    divergence: sum(matrices[i]!.flat().map((moved) => moved + Math.exp(-moved) - 1)) / 2,
  }));
}

describe("the objective", () => {
  test.each<[string, object]>([
    ["springs", {}],
    ["charges, both of whose kinds send messages", { system: "charges", particles: 4 }],
    ["layouts", { system: "layout", particles: 4 }],
    ["trees", { system: "layout", graph: "tree", particles: 4, unroll: 9 }],
    ["another unroll, variance and width", { unroll: 7, variance: 0.1, hidden: 12 }],
    ["a recurrent decoder", { system: "layout", decoder: "recurrent", unroll: 4 }],
    ["a decoder of all at once", { system: "layout", decoder: "lstm", graph: "none", unroll: 3 }],
  ])("of %s is that of the networks in float64", async (_, values) => {
    // Without normalization, whose statistics are the batch's: with it the encoder is compared where it is judged.
    const isInferred = !("graph" in values && values.graph === "none");
    const config = configuration({ normalization: !isInferred, simulations: 4, ...values });
    const training = trainingOf(config, { data });
    training.update.dispose();
    const state = training.begin();
    const checkpoint = { tensors: await readTensors(state), metadata: {} };
    const rows = Uint32Array.of(0, 1);
    const { system, particles, unroll, variance, graph } = config;
    const { encode, follow } = referenceNetworks(checkpoint, config);
    const simulations = await Promise.all([...rows].map((row) => shown(config, "train", row)));
    const seen = SEEN_FRAMES[system];
    const logits = () => simulations.map(({ frames }) => encode(seenPaths(frames, seen)));
    const none = range(particles * (particles - 1)).map(() => [1, 0]);
    const draws = isInferred
      ? await (graph === "tree" ? drawnTrees(logits(), particles) : drawnPairs(logits()))
      : simulations.map(() => ({ kinds: none, divergence: 0 }));
    const losses = simulations.map(({ frames }, i) => {
      const { kinds, divergence } = draws[i]!;
      return sum(squaredErrors(frames, unroll, follow(kinds))) / (2 * variance) + divergence;
    });
    const window = { first: 0, last: seen - 1, steps: unroll };
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

/** A layer on both ends of every pair written out, and its gradients along a cotangent, of x, weight, bias. */
function layerAtEnds([x, weight, bias, cotangent]: Float32Array[], particles: number): number[][] {
  const [inputs, outputs] = [weight!.length / bias!.length / 2, bias!.length];
  const [value, ...gradients] = [cotangent!, x!, weight!, bias!].map((a) => Array.from(a, () => 0));
  const [ofX, ofWeight, ofBias] = gradients as [number[], number[], number[]];
  const pairs = range(particles).flatMap((i) => range(particles).flatMap((j) => (i === j ? [] : [[j, i]])));
  cotangent!.forEach((by, at) => {
    const [row, output] = [Math.floor(at / outputs), at % outputs];
    const [simulation, ends] = [Math.floor(row / pairs.length), pairs[row % pairs.length]!];
    value![at] = bias![output]!;
    ofBias[output]! += by;
    range(2 * inputs).forEach((input) => {
      const particle = simulation * particles + ends[Math.floor(input / inputs)]!;
      const [from, through] = [particle * inputs + (input % inputs), output * 2 * inputs + input];
      value![at]! += weight![through]! * x![from]!;
      ofX[from]! += weight![through]! * by;
      ofWeight[through]! += x![from]! * by;
    });
  });
  return [value!, ...gradients];
}

describe("a layer on both ends of a pair", () => {
  test.each([
    { particles: 3, inputs: 2, outputs: 5 },
    { particles: 4, inputs: 5, outputs: 3 },
  ])("is that on what they have beside each other, and so are its gradients: %j", async (size) => {
    const { particles, inputs, outputs } = size;
    const rows = 2 * particles * (particles - 1);
    const shapes = [[2, particles, inputs], [outputs, 2 * inputs], [outputs], [rows, outputs]];
    const arrays = shapes.map((shape, i) => random.normal(random.key(i), shape));
    const numbers = await Promise.all(arrays.map(async (array) => (await array.ref.data()) as Float32Array));
    const layer = (parts: np.Array[]) => {
      const [x, weight, bias] = parts as [np.Array, np.Array, np.Array];
      return denseAtEnds({ weight, bias }, endsOfPairs(particles), x);
    };
    const [value, gradients] = [
      jit(layer),
      jit(grad((parts: np.Array[], by: np.Array) => layer(parts).mul(by).sum())),
    ] as const;
    const parts = arrays.slice(0, 3);
    const computed = [value(tree.ref(parts)), ...(gradients(parts, arrays[3]!) as np.Array[])];
    for (const [i, expected] of layerAtEnds(numbers, particles).entries()) {
      const given = await computed[i]!.data();
      expect(given).toHaveLength(expected.length);
      expected.forEach((number, at) => {
        expect(given[at]).toBeCloseTo(number, 4);
      });
    }
    value.dispose();
    gradients.dispose();
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
    const always = untimed.filter(({ key, isOccasional }) => !isOccasional || key === "edges" || key === "divergence");
    expect(early).toEqual(["epoch", ...always.map(({ key }) => key)].sort());
    expect(records.flatMap((record) => Object.values(record)).every(Number.isFinite)).toBe(true);
    expect(graphs.results(records)).toHaveLength(7);
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
    ["trees and exact draws", { system: "layout", graph: "tree", estimator: "straight-through" }],
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
    [{ batch: 9 }, "batch must be at most simulations, got batch 9 and simulations 8."],
    [
      { system: "charges", graph: "none" },
      "graph must be inferred or true for charges, all of which act on each other, got none.",
    ],
    [{ graph: "tree" }, "graph tree is for the system layout, whose graphs are trees, got the system springs."],
    [
      { system: "layout", graph: "tree", estimator: "reinmax" },
      "estimator must be relaxed or straight-through for the graph tree, got reinmax.",
    ],
    [{ decoder: "lstm" }, "graph must be none for the decoder lstm, which gets no graph, got inferred."],
  ])("%j is refused", (values, message) => {
    expect(() => graphs.check(configuration(values), { data })).toThrow(message);
  });

  test.each([
    { particles: 1 },
    { unroll: 49 },
    { graph: "ring" },
    { decoder: "gru" },
    { estimator: "exact" },
    { system: "gas" },
  ])("%j is no configuration", (values) => {
    expect(() => configuration(values)).toThrow(Object.keys(values)[0]);
  });

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
  test.each<[string, object, number]>([
    ["of springs", {}, 4],
    ["of trees", { system: "layout", graph: "tree", particles: 4 }, 2],
    ["that carries on what it has seen", { system: "layout", decoder: "recurrent" }, 2],
  ])("%s is judged by its most probable graph, and by frames that it has not seen", async (_, values, features) => {
    const config = configuration(values);
    const { checkpoint, records } = Object.keys(values).length === 0 ? whole : await train(config);
    const { encode, follow } = referenceNetworks(checkpoint, config);
    const results = await graphs.evaluate({ config, checkpoint }, data, { seed: config.seed });
    const { system, particles, graph } = config;
    const seen = SEEN_FRAMES[system];
    const simulations = await Promise.all(range(2).map((row) => shown(config, "test", row)));
    const judged = simulations.map(({ frames, isEdge }) => {
      const logits = encode(seenPaths(frames, seen));
      const chosen = graph === "tree" ? likeliestTree(logits, particles) : likelierKinds(logits);
      const next = follow(chosen.map((kind) => [1 - kind, kind]));
      for (const frame of frames.slice(0, seen)) next(frame);
      return { chosen, isEdge, errors: squaredErrors(frames.slice(seen, seen + 21), 20, next) };
    });
    const valueOf = (name: string) => results.find((result) => result.name === name)!.value;
    const right = judged.flatMap(({ chosen, isEdge }) => chosen.map((kind, pair) => (kind === isEdge[pair] ? 100 : 0)));
    // Which kind is which is not known of independent edges of a layout.
    const share = system === "layout" && graph === "inferred" ? Math.max(mean(right), 100 - mean(right)) : mean(right);
    expect(valueOf("edges")).toBeCloseTo(share, 6);
    for (const [name, step] of [
      ["error after 1 step", 1],
      ["error after 10 steps", 10],
      ["error after 20 steps", 20],
    ] as const) {
      const expected = mean(judged.map(({ errors }) => errors[step - 1]! / (particles * features)));
      expect(Math.abs(valueOf(name) / expected - 1)).toBeLessThan(1e-3);
    }
    expect(last(records)).toMatchObject({ test: valueOf("edges"), error1: valueOf("error after 1 step") });
  });

  test("whose graph is given tells none, and says nothing of edges", async () => {
    for (const values of [{ graph: "true" }, { graph: "none", decoder: "lstm" }]) {
      const given = configuration({ ...values, system: "layout", epochs: 1 });
      const { checkpoint, records } = await train(given);
      const results = await graphs.evaluate({ config: given, checkpoint }, data, { seed: 1, examples: 30 });
      expect(Object.keys(last(records))).not.toContain("edges");
      expect(results.map(({ name }) => name)).toEqual([
        "error after 1 step",
        "error after 10 steps",
        "error after 20 steps",
        "by correlation",
      ]);
      expect(last(results).note).toContain("30 test simulations");
    }
  });

  test("is shown by graphs and by predictions", async () => {
    for (const values of [{}, { system: "charges" }, { system: "layout", graph: "tree", particles: 4 }]) {
      const given = configuration(values);
      const { checkpoint } = Object.keys(values).length > 0 ? await train(given, { steps: 1 }) : whole;
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

const likelierKinds = (logits: number[][]) => logits.map(([none, edge]) => (edge! > none! ? 1 : 0));

/** Of all 16 trees of four vertices the one with the largest sum of logits, by ordered pairs. */
function likeliestTree(logits: number[][], particles: number): number[] {
  const places = range(particles).flatMap((i) => range(particles).flatMap((j) => (i === j ? [] : [[i, j] as const])));
  const edges = places.filter(([i, j]) => j < i);
  const pairOf = (i: number, j: number) => places.findIndex(([a, b]) => a === i && b === j);
  const weightOf = (i: number, j: number) => logits[pairOf(i, j)]![1]! - logits[pairOf(i, j)]![0]!;
  const triples = edges.flatMap((a, i) =>
    edges.slice(i + 1).flatMap((b, j) => edges.slice(i + j + 2).map((c) => [a, b, c])),
  );
  const trees = triples.filter((tree) => isConnected(tree, particles));
  expect(trees).toHaveLength(16);
  const worth = (tree: (typeof trees)[number]) => sum(tree.map(([i, j]) => weightOf(i, j) + weightOf(j, i)));
  const best = trees.reduce((a, b) => (worth(b) > worth(a) ? b : a));
  return places.map(([i, j]) => (best.some(([a, b]) => (a === i && b === j) || (a === j && b === i)) ? 1 : 0));
}

function isConnected(edges: readonly (readonly [number, number])[], vertices: number): boolean {
  const reached = new Set([0]);
  for (let round = 0; round < vertices; round++) {
    for (const [i, j] of edges) {
      if (reached.has(i)) reached.add(j);
      if (reached.has(j)) reached.add(i);
    }
  }
  return reached.size === vertices;
}

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
