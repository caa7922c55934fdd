/**
 * How well a graph is inferred, and how well the motion is predicted from it: by the likelier kind of every pair,
 * without noise.
 */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { modelOf, withArrays } from "../checkpoint/model.ts";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { lossColumn, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../columns.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../experiment.ts";
import { blocksOf } from "../mathematics/blocks.ts";
import { arraysOf } from "../nn/tensors.ts";
import type { EpochEnd } from "../training/loop.ts";
import { accuracyOfRule, bestRule } from "./correlation.ts";
import { byRunning, type EncoderStatistics, encode } from "./encoder.ts";
import { inferenceOf } from "./inferred.ts";
import { SENDING } from "./messages.ts";
import { type Config, givenKinds, type Networks, type State } from "./method.ts";
import { decode, type Model, type ModelConfig } from "./model.ts";
import { AHEAD, type Batch, gatherBatch, type Scale, scaleOf, simulationsOf, startsIn, type Window } from "./motion.ts";
import { FEATURES, SEEN_FRAMES, type Simulations, type System } from "./systems.ts";

/** Simulations in one call. */
const JUDGED_AT_ONCE = 50;

/** Every frame from the true one before it, as validation and test errors were published. */
function nextFrames(system: System): Window {
  return { first: 0, last: SEEN_FRAMES[system] - 1, steps: 1 };
}

/** What comes after the frames that the encoder sees, all of it from the first frame after them. */
export function unseenFrames(system: System): Window {
  const first = SEEN_FRAMES[system];
  return { first, last: first + AHEAD, steps: AHEAD };
}

/** Steps of which the error is told. */
const TOLD_STEPS = [1, 10, AHEAD] as const;

const errorColumns = TOLD_STEPS.map((steps) => ({
  key: `error${steps}` as const,
  label: `MSE ${steps}`,
  name: steps === 1 ? "error after 1 step" : `error after ${steps} steps`,
  digits: 7,
  description: `mean squared error of the test frames ${steps} after the last seen; after the last epoch`,
  note: "mean squared, on test simulations beyond the frames that the encoder sees",
  isOccasional: true as const,
}));

export const columns = [
  { ...lossColumn("loss", 2, ", nats a particle"), width: 12 },
  {
    key: "edges",
    label: "edges",
    name: "edges, validation",
    digits: 2,
    unit: "%",
    description: "% of pairs whose kind is told right, validation; a dash where the graph is given",
    note: "of pairs whose kind is told right, on validation simulations",
    isOccasional: true,
  },
  {
    key: "error",
    label: "MSE",
    name: "error, validation",
    digits: 7,
    description: "mean squared error of a number one frame ahead, validation",
    note: "mean squared, one frame ahead, on validation simulations",
  },
  {
    key: "reconstruction",
    label: "recon",
    digits: 2,
    description: "its -log p, up to a constant, nats a particle",
  },
  {
    key: "divergence",
    label: "KL",
    digits: 3,
    description: "divergence from the prior, by which all is equal, nats a particle; a dash where the graph is given",
    isOccasional: true,
  },
  {
    key: "test",
    label: "test",
    name: "edges",
    digits: 2,
    unit: "%",
    description: "% of pairs whose kind is told right, test; after the last epoch",
    note: "of pairs whose kind is told right, on test simulations",
    isOccasional: true,
  },
  {
    key: "precision",
    label: "prec",
    name: "precision",
    digits: 2,
    unit: "%",
    description: "% of the pairs told to be edges that are some, test; after the last epoch",
    note: "edges among the pairs that are told to be some, on test simulations",
    isOccasional: true,
  },
  {
    key: "recall",
    label: "recall",
    digits: 2,
    unit: "%",
    description: "% of the edges that are told, test; after the last epoch",
    note: "edges that are told, on test simulations",
    isOccasional: true,
  },
  ...(errorColumns as [ErrorColumn<"error1">, ErrorColumn<"error10">, ErrorColumn<"error20">]),
  temperatureColumn,
  paceColumn("simulationsPerSecond", "sims/s"),
] as const;

type ErrorColumn<Key extends string> = Omit<(typeof errorColumns)[number], "key"> & { readonly key: Key };

export const headlines = ["test", "precision", "recall", "edges", "error1", "error10", "error20"] as const;

export const objectives = {
  discrete: { key: "edges", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

export async function measureEpoch(
  config: Config,
  { model, statistics }: State,
  { epoch, loss, temperature, pace }: EpochEnd,
): Promise<RecordOf<typeof columns>> {
  const judged: Judged = statistics ? { model, statistics } : { model };
  const window = nextFrames(config.system);
  const validation = await judgeSimulations(config, judged, await simulationsOf(config, "validation"), window);
  const [error] = validation.errors as [number];
  const test = async () => judgeTest(config, judged, await simulationsOf(config, "test"));
  return {
    epoch,
    loss,
    ...(validation.told && { edges: accuracyOf(validation.told), divergence: validation.divergence }),
    error,
    reconstruction: (error * FEATURES[config.system] * startsIn(window)) / (2 * config.variance),
    // The test simulations are touched once, when nothing is left to be decided.
    ...(epoch === config.epochs && (await test())),
    temperature,
    simulationsPerSecond: pace,
  };
}

/** What judging needs of a state. */
export type Judged = Networks;

/** The caller disposes of it. */
export function restoreJudged(checkpoint: Checkpoint): Judged {
  const hasStatistics = Object.keys(checkpoint.tensors).some((name) => name.startsWith("statistics."));
  return {
    model: modelOf<Model>(checkpoint),
    ...(hasStatistics && { statistics: arraysOf<EncoderStatistics>(checkpoint.tensors, "statistics") }),
  };
}

/**
 * How many ordered pairs are told to be what: by what they are, no edge and an edge, and by what they are told to be.
 */
type Told = readonly [none: readonly [none: number, edge: number], edge: readonly [none: number, edge: number]];

interface Measures {
  /** Absent where the graph is given. */
  readonly told?: Told;
  /** Mean squared, by the step. */
  readonly errors: readonly number[];
  /** Nats a particle. */
  readonly divergence: number;
}

/** Keeps what is judged. */
async function judgeTest(config: Config, judged: Judged, simulations: Simulations, onProgress?: Progress) {
  const window = unseenFrames(config.system);
  const { told, errors } = await judgeSimulations(config, judged, simulations, window, onProgress);
  const [error1, error10, error20] = TOLD_STEPS.map((steps) => errors[steps - 1]!) as [number, number, number];
  return { ...(told && { test: accuracyOf(told), ...precisionAndRecall(told) }), error1, error10, error20 };
}

/** Keeps what is judged. */
async function judgeSimulations(
  config: Config,
  judged: Judged,
  simulations: Simulations,
  window: Window,
  onProgress?: Progress,
): Promise<Measures> {
  const { count } = simulations;
  const scale = await scaleOf(config);
  let told: Told = [
    [0, 0],
    [0, 0],
  ];
  const errors = new Float64Array(window.steps);
  let divergence = 0;
  for (const { first, size } of blocksOf(count, JUDGED_AT_ONCE)) {
    const rows = Uint32Array.from({ length: size }, (_, i) => first + i);
    const seen = await judgeBlock(config, judged, { simulations, rows, window, scale });
    told = sumOf(told, toldOf(seen.edges, seen.chosen));
    seen.errors.forEach((error, step) => {
      errors[step] = errors[step]! + error;
    });
    divergence += seen.divergence[0]!;
    await onProgress?.(first + size, count);
  }
  const numbers = count * startsIn(window) * config.particles * FEATURES[config.system];
  return {
    ...(inferenceOf(config.graph) && { told: isExchanged(config, told) ? exchanged(told) : told }),
    errors: Array.from(errors, (sum) => sum / numbers),
    divergence: divergence / (count * config.particles),
  };
}

interface Block {
  readonly simulations: Simulations;
  readonly rows: Uint32Array;
  readonly window: Window;
  readonly scale: Scale;
}

/**
 * The kinds that some simulations' pairs are told to have, and the frames predicted from these. Keeps what is judged.
 */
export async function judgeBlock(config: Config, judged: Judged, block: Block) {
  const { simulations, rows, window, scale } = block;
  const batch: Batch = gatherBatch(simulations, rows, window, scale);
  const read = judgeKernel(tree.ref(judged), batch, settingOf(config, window));
  const entries = Object.entries(read).map(
    async ([name, array]) => [name, (await array.data()) as Float32Array] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Record<keyof typeof read, Float32Array>;
}

/** What the kernel has to know, and no more: one is compiled for every other setting that it is given. */
interface Setting extends ModelConfig {
  readonly graph: Config["graph"];
  readonly steps: number;
  /** Whether what is predicted follows on what the encoder sees. */
  readonly isAhead: boolean;
}

function settingOf(config: Config, { first, steps }: Window): Setting {
  const { system, particles, graph, decoder, hidden, normalization } = config;
  return { system, particles, graph, decoder, hidden, normalization, steps, isAhead: first > 0 };
}

const judgeKernel = jit(
  function judge({ model: { encoder, decoder }, statistics }: Judged, batch: Batch, setting: Setting) {
    const { particles, graph, steps, isAhead } = setting;
    const { paths, starts, targets, edges } = batch;
    const inference = inferenceOf(graph);
    const logits = inference && encode(encoder!, paths.ref, particles, byRunning(statistics));
    const kinds = inference ? inference.mode(logits!.ref, particles) : givenKinds(graph, edges.ref);
    const before = isAhead ? { before: paths } : {};
    const predicted = np.stack(decode(decoder, setting, { kinds: kinds.ref, starts, steps, ...before }));
    return {
      edges,
      chosen: np.argmax(kinds, -1).astype(np.float32),
      errors: np.square(predicted.ref.sub(targets)).sum([1, 2, 3, 4]),
      predicted,
      divergence: inference ? inference.divergence(logits!, particles).sum().reshape([1]) : np.zeros([1]),
    };
  },
  { staticArgnums: [2] },
);

// Edges ---------------------------------------------------------------------------------------------------------------

/**
 * Where both kinds of pairs act, no one says which of them is called which: it is the better of both ways to call them, the
 * same for all simulations. Of springs one does: a pair without one sends no messages. A tree has fewer edges than not.
 */
export function isExchanged({ system, graph }: Pick<Config, "system" | "graph">, [none, edge]: Told): boolean {
  return graph === "inferred" && SENDING[system].length > 1 && none[0] + edge[1] < none[1] + edge[0];
}

function exchanged([none, edge]: Told): Told {
  return [
    [none[1], none[0]],
    [edge[1], edge[0]],
  ];
}

/** Counts pairs, by what they are and what they are told to be: 1 for an edge. */
export function toldOf(edges: Float32Array, chosen: Float32Array): Told {
  const counts = [0, 0, 0, 0] as [number, number, number, number];
  edges.forEach((edge, pair) => {
    counts[2 * edge + chosen[pair]!]!++;
  });
  return [
    [counts[0], counts[1]],
    [counts[2], counts[3]],
  ];
}

function sumOf([none, edge]: Told, [moreNone, moreEdge]: Told): Told {
  return [
    [none[0] + moreNone[0], none[1] + moreNone[1]],
    [edge[0] + moreEdge[0], edge[1] + moreEdge[1]],
  ];
}

/** The share of pairs told right, in percent. */
function accuracyOf([[none, wrong], [missed, edge]]: Told): number {
  return (100 * (none + edge)) / (none + wrong + missed + edge);
}

/** In percent; without what nothing can be said of, because nothing is told to be an edge, or nothing is one. */
function precisionAndRecall([[, wrong], [missed, edge]]: Told): { precision?: number; recall?: number } {
  return {
    ...(edge + wrong > 0 && { precision: (100 * edge) / (edge + wrong) }),
    ...(edge + missed > 0 && { recall: (100 * edge) / (edge + missed) }),
  };
}

// Evaluation ----------------------------------------------------------------------------------------------------------

/** Judges test simulations of a seed, and says what the correlations of paths would tell of them. */
export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  _data: unknown,
  { examples, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const simulations = await simulationsOf({ ...config, seed }, "test", examples);
  const measures = await withArrays(restoreJudged(checkpoint), (judged) =>
    judgeTest(config, judged, simulations, onProgress),
  );
  return [
    ...resultsOf(columns, ["test", "precision", "recall", "error1", "error10", "error20"], measures),
    {
      name: "by correlation",
      value: accuracyOfRule(bestRule(await simulationsOf(config, "train")), simulations),
      digits: 2,
      unit: "%",
      note: `of pairs told right by how their paths correlate, without a model; ${simulations.count} test simulations`,
    },
  ];
}
