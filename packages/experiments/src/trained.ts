/**
 * What has been trained, as functions from numbers to numbers: for programs and pages that use a model, and neither train nor judge
 * it. Inputs are rows, one after the other in one array, and so are outputs.
 *
 * @module
 */

import { type Checkpoint, decodeCheckpoint } from "./checkpoint/safetensors.ts";
import { benchmarks, type Name } from "./explain/synthetic/method.ts";
import { foreignText } from "./foreign-text.ts";
import { loadAutoencoder, type TrainedAutoencoder } from "./trained/autoencoder.ts";
import { loadEmbedding, type TrainedEmbedding } from "./trained/embedding.ts";
import { loadDigits, loadSynthetic, loadTokens, type TrainedExplainer } from "./trained/explainer.ts";
import { loadGraphs, type TrainedGraphs } from "./trained/graphs.ts";
import { loadJigsaw, type TrainedJigsaw } from "./trained/jigsaw.ts";
import { guarded } from "./trained/parts.ts";
import { loadPictureSorter, type TrainedPictureSorter } from "./trained/picture-sorter.ts";
import { loadSorter, type TrainedSorter } from "./trained/sorter.ts";

export type {
  TrainedAutoencoder,
  TrainedEmbedding,
  TrainedExplainer,
  TrainedGraphs,
  TrainedJigsaw,
  TrainedPictureSorter,
  TrainedSorter,
};

/** The parts of a trained model, by its `experiment`. */
export type TrainedParts =
  | TrainedAutoencoder
  | TrainedEmbedding
  | TrainedJigsaw
  | TrainedSorter
  | TrainedPictureSorter
  | TrainedExplainer
  | TrainedGraphs;

/**
 * The parts of the model in the bytes of a `checkpoint.safetensors`.
 *
 * @param file how messages call it
 * @throws Error saying what was expected and what came, for bytes that are no checkpoint of an experiment with such parts
 */
export function loadRun(bytes: Uint8Array, file = "The checkpoint"): TrainedParts {
  return partsOf(decodeCheckpoint(bytes, file), file);
}

/** The same for a checkpoint that has been decoded. */
export function partsOf(checkpoint: Checkpoint, file = "The checkpoint"): TrainedParts {
  const { experiment = "" } = checkpoint.metadata;
  const load = Object.hasOwn(loaders, experiment) ? loaders[experiment] : undefined;
  if (load !== undefined) return guarded(load(checkpoint, file));
  const known = Object.keys(loaders).join(", ");
  throw new Error(`${file}: expected a checkpoint of ${known}, got one of "${foreignText(experiment)}".`);
}

type Load = (checkpoint: Checkpoint, file: string) => TrainedParts;

const loaders: Readonly<Record<string, Load>> = {
  vae: loadAutoencoder,
  dknn: loadEmbedding,
  jigsaw: loadJigsaw,
  sort: loadSorter,
  rank: loadPictureSorter,
  "explain sequences": loadTokens,
  "explain digits": loadDigits,
  ...Object.fromEntries(
    Object.keys(benchmarks).map((task): [string, Load] => [
      `explain ${task}`,
      (checkpoint, file) => loadSynthetic(task as Name, checkpoint, file),
    ]),
  ),
  graphs: loadGraphs,
};
