/**
 * How well a graph is inferred, and how well the motion is predicted from it: by the likelier kind of every pair,
 * without noise.
 */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { categorical } from "softdraw";
import { modelOf, withArrays } from "../checkpoint/model.ts";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { lossColumn, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../columns.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../experiment.ts";
import { blocksOf } from "../mathematics/blocks.ts";
import { arraysOf } from "../nn/tensors.ts";
import type { EpochEnd } from "../training/loop.ts";
import { accuracyOfRule, bestRule } from "./correlation.ts";
import { type Config, divergence, givenKinds, type State } from "./method.ts";
import { byRunning, decode, type EncoderStatistics, encode, type Model } from "./model.ts";
import {
  type Batch,
  gatherBatch,
  type Scale,
  SEEN_FRAMES,
  scaleOf,
  simulationsOf,
  startsIn,
  type Window,
} from "./motion.ts";
import { FEATURES, type Simulations, type System } from "./simulator.ts";

/** Simulations in one call. */
const JUDGED_AT_ONCE = 50;

/** Every frame from the true one before it, as validation and test errors were published. */
const ONE_STEP: Window = { first: 0, last: SEEN_FRAMES - 1, steps: 1 };

/** What comes after the frames that the encoder sees, all of it from the first frame after them. */
const AHEAD = 20;
export const UNSEEN: Window = { first: SEEN_FRAMES, last: SEEN_FRAMES + AHEAD, steps: AHEAD };

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
  lossColumn("loss", 2, ", nats a particle"),
  {
    key: "edges",
    label: "edges",
    name: "edges, validation",
    digits: 2,
    unit: "%",
    description: "% of pairs whose kind is told right, validation",
    note: "of pairs whose kind is told right, on validation simulations",
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
  { key: "divergence", label: "KL", digits: 3, description: "divergence from the uniform prior, nats a particle" },
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
  ...(errorColumns as [ErrorColumn<"error1">, ErrorColumn<"error10">, ErrorColumn<"error20">]),
  temperatureColumn,
  paceColumn("simulationsPerSecond", "sims/s"),
] as const;

type ErrorColumn<Key extends string> = Omit<(typeof errorColumns)[number], "key"> & { readonly key: Key };

export const headlines = ["test", "edges", "error1", "error10", "error20"] as const;

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
  const validation = await judgeSimulations(config, judged, await simulationsOf(config, "validation"), ONE_STEP);
  const [error] = validation.errors as [number];
  const test = async () => (await judgeTest(config, judged, await simulationsOf(config, "test"))).measures;
  return {
    epoch,
    loss,
    edges: accuracyOf(validation.told),
    error,
    reconstruction: (error * FEATURES * startsIn(ONE_STEP)) / (2 * config.variance),
    divergence: validation.divergence,
    // The test simulations are touched once, when nothing is left to be decided.
    ...(epoch === config.epochs && (await test())),
    temperature,
    simulationsPerSecond: pace,
  };
}

/** What judging needs of a state. */
export type Judged = Pick<State, "model" | "statistics">;

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
  readonly told: Told;
  /** Mean squared, by the step. */
  readonly errors: readonly number[];
  /** Nats a particle. */
  readonly divergence: number;
}

/** Keeps what is judged. */
async function judgeTest(config: Config, judged: Judged, simulations: Simulations, onProgress?: Progress) {
  const { told, errors } = await judgeSimulations(config, judged, simulations, UNSEEN, onProgress);
  const [error1, error10, error20] = TOLD_STEPS.map((steps) => errors[steps - 1]!) as [number, number, number];
  return { told, measures: { test: accuracyOf(told), error1, error10, error20 } };
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
  const numbers = count * startsIn(window) * config.particles * FEATURES;
  return {
    told: isExchanged(config, told) ? exchanged(told) : told,
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
export async function judgeBlock({ system, particles, graph }: Config, judged: Judged, block: Block) {
  const { simulations, rows, window, scale } = block;
  const batch: Batch = gatherBatch(simulations, rows, window, scale);
  const setting: Setting = { system, particles, graph, steps: window.steps };
  const read = judgeKernel(tree.ref(judged), batch, setting);
  const entries = Object.entries(read).map(
    async ([name, array]) => [name, (await array.data()) as Float32Array] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Record<keyof typeof read, Float32Array>;
}

/** What the kernel has to know, and no more: one is compiled for every other setting that it is given. */
interface Setting {
  readonly system: System;
  readonly particles: number;
  readonly graph: Config["graph"];
  readonly steps: number;
}

const judgeKernel = jit(
  function judge({ model: { encoder, decoder }, statistics }: Judged, batch: Batch, setting: Setting) {
    const { system, particles, graph, steps } = setting;
    const { paths, starts, targets, edges } = batch;
    const logits = graph === "inferred" ? encode(encoder!, paths, particles, byRunning(statistics)) : undefined;
    const kinds = graph === "inferred" ? categorical.mode(logits!.ref) : givenKinds(graph, edges.ref);
    const predicted = np.stack(decode(decoder, kinds.ref, starts, system, steps));
    return {
      edges,
      chosen: np.argmax(kinds, -1).astype(np.float32),
      errors: np.square(predicted.ref.sub(targets)).sum([1, 2, 3, 4]),
      predicted,
      divergence: logits ? divergence(logits).sum().reshape([1]) : np.zeros([1]),
    };
  },
  { staticArgnums: [2] },
);

// Edges ---------------------------------------------------------------------------------------------------------------

/**
 * Of charges no one says which of the two kinds is called which: it is the better of both ways to call them, the same
 * for all simulations. Of springs one does: a pair without one sends no messages.
 */
export function isExchanged({ system }: Pick<Config, "system">, [none, edge]: Told): boolean {
  return system === "charges" && none[0] + edge[1] < none[1] + edge[0];
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

// Evaluation ----------------------------------------------------------------------------------------------------------

/** Judges test simulations of a seed, and says what the correlations of paths would tell of them. */
export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  _data: unknown,
  { examples, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const simulations = await simulationsOf({ ...config, seed }, "test", examples);
  const { told, measures } = await withArrays(restoreJudged(checkpoint), (judged) =>
    judgeTest(config, judged, simulations, onProgress),
  );
  const [[, wrong], [missed, edge]] = told;
  const percent = (value: number) => ({ value: 100 * value, digits: 2, unit: "%" });
  const byCorrelation = accuracyOfRule(bestRule(await simulationsOf(config, "train")), simulations);
  return [
    ...resultsOf(columns, ["test"], measures),
    { name: "precision", ...percent(edge / (edge + wrong)), note: "edges among the pairs that are told to be some" },
    { name: "recall", ...percent(edge / (edge + missed)), note: "edges that are told" },
    ...resultsOf(columns, ["error1", "error10", "error20"], measures),
    {
      name: "by correlation",
      ...percent(byCorrelation / 100),
      note: `of pairs told right by how their paths correlate, without a model; ${simulations.count} test simulations`,
    },
  ];
}
