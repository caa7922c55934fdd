/** Trained parts as functions, against the tensors of the checkpoint as their layouts are documented, number by number. */

import { tree } from "@jax-js/jax";
import { permutations } from "@softdraw/testing/numbers";
import { afterEach, describe, expect, test } from "vitest";
import { schema as vae, trainingOf as vaeTraining } from "../src/categorical-vae/method.ts";
import { describeCheckpoint } from "../src/checkpoint/described.ts";
import { type Checkpoint, encodeCheckpoint } from "../src/checkpoint/safetensors.ts";
import { generated } from "../src/data/types.ts";
import { schema as sequences, trainingOf as sequencesTraining } from "../src/explain/sequences/method.ts";
import { schemaOf, trainingOf as syntheticTraining } from "../src/explain/synthetic/method.ts";
import { schema as graphs, trainingOf as graphsTraining } from "../src/graphs/method.ts";
import { scaleOf, simulationsOf } from "../src/graphs/motion.ts";
import { schema as jigsaw, trainingOf as jigsawTraining } from "../src/jigsaw/method.ts";
import { schema as dknn, trainingOf as dknnTraining } from "../src/nearest-neighbours/method.ts";
import { readTensors } from "../src/nn/tensors.ts";
import { schema as rank, trainingOf as rankTraining } from "../src/ranking/method.ts";
import { schema as sort, trainingOf as sortTraining } from "../src/sorting/method.ts";
import { loadRun, partsOf, type TrainedParts } from "../src/trained.ts";
import { positionMetadata } from "../src/training/position.ts";
import { referenceNetworks } from "./graphs-support.ts";
import { referenceNetwork as referenceSolver } from "./jigsaw-support.ts";
import { referenceNetwork as referenceRanker } from "./ranking-support.ts";
import { sum } from "./support.ts";

const SIDE = 16;
const PIXELS = SIDE ** 2;
const images = { name: "noise", count: 60, height: SIDE, width: SIDE, classes: 2 };
const split = {
  ...images,
  images: new Uint8Array(60 * PIXELS),
  labels: Uint8Array.from({ length: 60 }, (_, i) => i % 2),
};
const noise = { name: "noise", train: split, test: split };

/** Numbers from 0 to 1 that look drawn. */
const numbers = (length: number) => Float32Array.from({ length }, (_, i) => (Math.sin(12.9898 * (i + 1)) + 1) / 2);

interface Begun {
  readonly name: string;
  begin(): Parameters<typeof readTensors>[0];
  readonly update: { dispose(): void };
}

/** The checkpoint that a training would begin with. */
async function checkpointOf({ name, begin, update }: Begun, config: object): Promise<Checkpoint> {
  update.dispose();
  const state = begin();
  const tensors = await readTensors(state);
  tree.dispose(state);
  const metadata = positionMetadata(name, { epoch: 1, step: 1, sums: [0] });
  return describeCheckpoint({ tensors, metadata }, config);
}

const opened: TrainedParts[] = [];
afterEach(() => {
  for (const parts of opened.splice(0)) parts.dispose();
});

/** The parts of an experiment, which the test closes. */
function open<Name extends TrainedParts["experiment"]>(checkpoint: Checkpoint, name: Name) {
  const parts = loadRun(encodeCheckpoint(checkpoint));
  opened.push(parts);
  if (parts.experiment !== name) throw new Error(`expected ${name}, got ${parts.experiment}`);
  return parts as Extract<TrainedParts, { experiment: Name }>;
}

const relu = (values: number[]) => values.map((value) => Math.max(0, value));

/** `weight x + bias`, of a layer `[outputs, inputs]`. */
function layer({ tensors }: Checkpoint, path: string, x: ArrayLike<number>): number[] {
  const { data: weight } = tensors[`${path}.weight`]!;
  return Array.from(tensors[`${path}.bias`]!.data, (bias, output) => {
    let sum = Number(bias);
    for (let i = 0; i < x.length; i++) sum += Number(weight[output * x.length + i]) * x[i]!;
    return sum;
  });
}

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 4);
}

test("encode and decode of the autoencoder are its layers", async () => {
  const config = vae.parse({ network: "linear", variables: 3, classes: 4, batch: 10, seed: 3 });
  const checkpoint = await checkpointOf(vaeTraining(config, { data: noise }), config);
  const { code, encode, decode } = open(checkpoint, "vae");
  expect(code).toEqual([3, 4]);
  const x = numbers(2 * PIXELS);
  const logits = [x.subarray(0, PIXELS), x.subarray(PIXELS)].flatMap((row) =>
    layer(checkpoint, "model.encoder.0", row),
  );
  expectClose(await encode(x), logits);
  const choices = Float32Array.of(0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1);
  const ink = layer(checkpoint, "model.decoder.0", choices).map((logit) => 1 / (1 + Math.exp(-logit)));
  expectClose(await decode(choices), ink);
});

/** A convolution without padding, the largest of every 2 x 2 square, and ReLU: `[height, width, channels]` to the same. */
function convolved(
  { tensors }: Checkpoint,
  path: string,
  x: ArrayLike<number>,
  side: number,
  channels: number,
): number[] {
  const { data: weight, shape } = tensors[`${path}.weight`]!;
  const [kernel, outputs] = [shape[0]!, shape[1]!];
  const { data: bias } = tensors[`${path}.bias`]!;
  const at = (row: number, column: number, output: number) => {
    let sum = Number(bias[output]);
    for (let a = 0; a < kernel; a++) {
      for (let b = 0; b < kernel * channels; b++) {
        sum +=
          Number(weight[(a * outputs + output) * kernel * channels + b]) *
          x[((row + a) * side + column) * channels + b]!;
      }
    }
    return sum;
  };
  const pooled = (side - kernel + 1) / 2;
  const result: number[] = [];
  for (let row = 0; row < pooled; row++) {
    for (let column = 0; column < pooled; column++) {
      for (let output = 0; output < outputs; output++) {
        const square = [0, 1, 2, 3].map((i) => at(2 * row + (i >> 1), 2 * column + (i & 1), output));
        result.push(Math.max(0, ...square));
      }
    }
  }
  return result;
}

test("embed of the classifier is its convolutions and its layer", async () => {
  const config = dknn.parse({ batch: 10, k: 2 });
  const checkpoint = await checkpointOf(dknnTraining(config, { data: noise }), config);
  const { embed } = open(checkpoint, "dknn");
  const x = numbers(PIXELS);
  const maps = convolved(checkpoint, "model.second", convolved(checkpoint, "model.first", x, SIDE, 1), 6, 20);
  expectClose(await embed(x, { height: SIDE, width: SIDE }), relu(layer(checkpoint, "model.linear", maps)));
  await expect(embed(x, { height: 28, width: 28 })).rejects.toThrow(
    "embed: expected images of which both convolutions leave 50 numbers, as of those that were trained on, got 28 x 28, of which they leave 800.",
  );
});

test("score of the jigsaw is its layers, and place the best assignment", async () => {
  const config = jigsaw.parse({ batch: 10, channels: 4, hidden: 16, exchanges: 1 });
  const checkpoint = await checkpointOf(jigsawTraining(config, { data: noise }), config);
  const { across, channels, score, place } = open(checkpoint, "jigsaw");
  expect([across, channels]).toEqual([2, 1]);
  const side = SIDE / across;
  const x = numbers(2 * PIXELS);
  const network = referenceSolver(checkpoint);
  const expected = [0, 1].map((picture) => {
    const pieces = [0, 1, 2, 3].map((piece) => {
      const from = (picture * 4 + piece) * side ** 2;
      return network.mapsOf([...x.subarray(from, from + side ** 2)]);
    });
    return network.scoresOf(pieces, network.running);
  });
  expectClose(await score(x, { side }), expected.flat(2));
  const best = expected.flatMap((scores) => {
    const worth = (places: readonly number[]) => sum(places.map((place, piece) => scores[piece]![place]!));
    return permutations(4).reduce((a, b) => (worth(a) >= worth(b) ? a : b));
  });
  expect(Array.from(await place(x, { side }))).toEqual(best);
  await expect(score(x, { side: 4 })).rejects.toThrow(
    "score: expected pieces of which the convolution leaves 64 numbers, as of those that were trained on, got a side of 4, of which it leaves 16.",
  );
});

test.each([{ padded: false }, { padded: true }])(
  "score of pictures of numbers is its layers, %o",
  async ({ padded }) => {
    const config = rank.parse({ n: 3, digits: 2, channels: 4, hidden: 8, padded });
    const data = { ...noise, train: { ...split, count: 10, height: 28, width: 28, images: new Uint8Array(7840) } };
    const checkpoint = await checkpointOf(rankTraining(config, { data }), config);
    const { digits, scores, score } = open(checkpoint, "rank");
    expect([digits, scores]).toEqual([2, 1]);
    const x = numbers(2 * 28 * 56);
    const network = referenceRanker(checkpoint, config);
    const expected = [x.subarray(0, 28 * 56), x.subarray(28 * 56)].flatMap((picture) => network([...picture]));
    expectClose(await score(x, { height: 28, width: 56 }), expected);
    await expect(score(x, { height: 28, width: 28 })).rejects.toThrow("got 28 x 28, of which they leave");
  },
);

describe("graphs:", () => {
  const begun = async (values: object) => {
    const config = graphs.parse({ particles: 3, simulations: 32, hidden: 4, ...values });
    return { config, checkpoint: await checkpointOf(graphsTraining(config, { data: generated }), config) };
  };
  const vectorsOf = (x: ArrayLike<number>, width: number) =>
    Array.from({ length: x.length / width }, (_, i) => Array.from({ length: width }, (_, j) => x[i * width + j]!));

  test("encode and choose tell edges from paths, as the encoder's layers do", async () => {
    const { config, checkpoint } = await begun({});
    const { particles, frames, features, encode, choose } = open(checkpoint, "graphs");
    expect([particles, frames, features]).toEqual([3, 49, 4]);
    const { paths } = await simulationsOf(config, "validation", 2);
    const scaled = await scaledBy(config, paths);
    const size = particles * frames * features;
    const expected = [0, size].flatMap((from) =>
      referenceNetworks(checkpoint, config).encode(vectorsOf(scaled.slice(from, from + size), frames * features)),
    );
    expectClose(await encode(paths), expected.flat());
    expect(Array.from(await choose(paths))).toEqual(expected.map(([none, edge]) => Number(edge! > none!)));
  });

  test.each(["mlp", "recurrent", "lstm"])("decode goes on from what was seen, by the layers of %s", async (decoder) => {
    const { config, checkpoint } = await begun({ decoder, graph: decoder === "lstm" ? "none" : "inferred" });
    const { decode, choose } = open(checkpoint, "graphs");
    const [seen, frames] = [3, 2];
    const paths = numbers(3 * seen * 4);
    const edges = Float32Array.of(1, 0, 0.25, 1, 0, 0.5);
    const next = referenceNetworks(checkpoint, config).follow(Array.from(edges, (edge) => [1 - edge, edge]));
    const byParticle = vectorsOf(await scaledBy(config, paths), 4);
    const frameOf = (frame: number) => [0, 1, 2].map((particle) => byParticle[particle * seen + frame]!);
    let last: readonly (readonly number[])[] = [];
    for (let frame = 0; frame < seen; frame++) last = next(frameOf(frame));
    const expected = [last, next(last)];
    const found = await scaledBy(config, await decode(paths, edges, { seen, frames }));
    expectClose(
      found,
      [0, 1, 2].flatMap((particle) => expected.flatMap((frame) => frame[particle]!)),
    );
    if (decoder !== "lstm") return;
    await expect(choose(paths)).rejects.toThrow(
      "choose: expected a model that tells a graph, got one whose graph is given: none.",
    );
    await expect(decode(paths, edges, { seen, frames: 0 })).rejects.toThrow(
      "decode: size: frames: expected a whole number from 1 on, got 0.",
    );
  });

  /** Numbers as the model sees them: the least and the most of the training simulations are -1 and 1. */
  async function scaledBy(config: ReturnType<typeof graphs.parse>, x: Float32Array): Promise<number[]> {
    const { position, velocity } = await scaleOf(config);
    return Array.from(x, (value, i) => {
      const { least, most } = i % 4 < 2 ? position : velocity!;
      return (2 * (value - least)) / (most - least) - 1;
    });
  }
});

test("score of the sorter is its two layers", async () => {
  const config = sort.parse({ n: 4 });
  const checkpoint = await checkpointOf(sortTraining(config, { data: generated }), config);
  const { scores, score } = open(checkpoint, "sort");
  const x = numbers(3);
  const expected = Array.from(x, (value) =>
    layer(checkpoint, "model.output", relu(layer(checkpoint, "model.hidden", [value]))),
  );
  expect(scores).toBe(expected[0]!.length);
  expectClose(await score(x), expected.flat());
});

describe("choose of the explainer", () => {
  test("takes the k features of the highest scores", async () => {
    const config = schemaOf("xor").parse({ hidden: 8 });
    const checkpoint = await checkpointOf(syntheticTraining(config, { data: generated }), config);
    const { task, features, choose } = open(checkpoint, "explain");
    expect([task, features]).toEqual(["xor", 10]);
    const x = numbers(20);
    const expected = [x.subarray(0, 10), x.subarray(10)].flatMap((row) => {
      const hidden = relu(layer(checkpoint, "model.explainer.0", [...row, 0, 0]));
      const scores = layer(checkpoint, "model.explainer.2", relu(layer(checkpoint, "model.explainer.1", hidden))).slice(
        0,
        10,
      );
      const best = scores.toSorted((a, b) => b - a)[1]!;
      return scores.map((score) => Number(score >= best));
    });
    expect(Array.from(await choose(x))).toEqual(expected);
  });

  test("takes k tokens of a sequence, and refuses what is none", async () => {
    const config = sequences.parse({ hidden: 8, feedForward: 8, width: 8 });
    const { choose } = open(await checkpointOf(sequencesTraining(config, { data: generated }), config), "explain");
    const chosen = await choose(Float32Array.of(1, 2, 3, 3, 3, 3, 3, 8, 9));
    expect(Array.from(chosen).sort()).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    await expect(choose(new Float32Array(9).fill(0.5))).rejects.toThrow("expected tokens from 1 to 9, got 0.5.");
  });
});

describe("is refused:", () => {
  const config = sort.parse({ n: 4 });
  const begun = () => checkpointOf(sortTraining(config, { data: generated }), config);

  test("rows that do not fit, and numbers that are none", async () => {
    const { score } = open(await begun(), "sort");
    await expect(score(Float32Array.of())).rejects.toThrow(
      "score: numbers: expected rows of 1 numbers, at least one, got 0",
    );
    await expect(score(Uint8Array.of(1, 2) as never)).rejects.toThrow("expected a Float32Array, got Uint8Array.");
    await expect(score(Float32Array.of(1, Number.NaN))).rejects.toThrow(
      "score: numbers: expected finite numbers, got NaN.",
    );
  });

  test("a second argument that is missing or wrong", async () => {
    const config = rank.parse({ n: 2, channels: 2, hidden: 4, digits: 1 });
    const { score } = open(await checkpointOf(rankTraining(config, { data: noise }), config), "rank");
    const pictures = numbers(PIXELS);
    await expect(score(pictures, undefined as never)).rejects.toThrow(
      "score: size: expected { height, width }, got undefined.",
    );
    await expect(score(pictures, { height: SIDE } as never)).rejects.toThrow(
      "score: size: width: expected a whole number from 1 on, got undefined.",
    );
  });

  test("a function of a model that has been freed", async () => {
    const parts = open(await begun(), "sort");
    parts.dispose();
    parts.dispose();
    await expect(parts.score(Float32Array.of(1))).rejects.toThrow(
      "score: expected a model that is there, got one that dispose() has freed.",
    );
  });

  test("a checkpoint of something else, of another configuration, or without one", async () => {
    const { tensors, metadata } = await begun();
    const load = (changed: Record<string, string>) => () =>
      partsOf({ tensors, metadata: { ...metadata, ...changed } }, "x");
    expect(load({ experiment: "cheapest" })).toThrow(
      /^x: expected a checkpoint of vae, dknn, jigsaw, .*, got one of "cheapest"\.$/,
    );
    expect(load({ config: JSON.stringify({ ...config, n: 5 }) })).toThrow(
      "tensor output.weight: expected shape [5,32], got [4,32]",
    );
    expect(load({ config: "" })).toThrow("x: expected one that says its configuration, got none.");
    expect(load({ config: '{"n":"many"}' })).toThrow('x: n: Expected a number, got "many"');
  });
});
