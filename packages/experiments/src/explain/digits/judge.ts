/** How well digits are explained: whether the classifier says the same by the chosen patches alone as by the whole. */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { withArrays } from "../../checkpoint/model.ts";
import type { Checkpoint } from "../../checkpoint/safetensors.ts";
import { lossColumn, type MeasuresOf, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../../columns.ts";
import { imageBlocks } from "../../data/batches.ts";
import type { Dataset, DatasetSplits } from "../../data/types.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../../experiment.ts";
import { concatenate } from "../../mathematics/concatenate.ts";
import type { Perceptron } from "../../nn/perceptron.ts";
import { arraysOf } from "../../nn/tensors.ts";
import type { EpochEnd } from "../../training/loop.ts";
import { readArrays, recordOf } from "../judge.ts";
import type { State } from "../model.ts";
import { choiceKernel } from "../post-hoc.ts";
import {
  ACROSS,
  type Classifier,
  type Config,
  classifyImages,
  DIGITS,
  type Explaining,
  PATCH,
  probabilities,
  SIDE,
  subjectOf,
  threesAndEights,
} from "./method.ts";

const JUDGED_AT_ONCE = 200;

const judgedColumns = [
  {
    key: "classifier",
    label: "classifier",
    digits: 2,
    unit: "%",
    description: "% of test digits that the classifier knows",
    note: "test digits that it knows",
  },
  {
    key: "postHoc",
    label: "post-hoc",
    name: "post-hoc accuracy",
    digits: 2,
    unit: "%",
    description: "% of test digits of which it says the same by the chosen patches alone",
    note: (judged?: number) =>
      `${judged === undefined ? "" : `${judged.toLocaleString("en-US")} `}test digits, by the chosen patches alone`,
    isOccasional: true,
  },
] as const;

export const columns = [
  lossColumn("loss", 4, ", nats"),
  ...judgedColumns,
  temperatureColumn,
  paceColumn("examplesPerSecond", "images/s"),
] as const;

export const headlines = ["postHoc", "classifier"] as const;

export const objectives = {
  discrete: { key: "postHoc", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

type EpochRecord = RecordOf<typeof columns>;

/** While the classifier trains, there is nothing else to be measured. */
export async function measureClassifierEpoch(
  { model }: State<Classifier>,
  test: Dataset,
  end: EpochEnd,
): Promise<EpochRecord> {
  return recordOf(end, { classifier: await accuracyOf(model, test) });
}

export async function measureExplainerEpoch(
  config: Config,
  { classifier, explainer }: Explaining,
  test: Dataset,
  end: EpochEnd,
): Promise<EpochRecord> {
  return recordOf(end, await measure({ classifier, explainer: explainer.model }, test, test.count, config));
}

async function accuracyOf(classifier: Classifier, test: Dataset): Promise<number> {
  let right = 0;
  for (const { start, images } of imageBlocks(test, test.count, JUDGED_AT_ONCE)) {
    const classes = await classKernel(tree.ref(classifier), images).data();
    right += classes.filter((found: number, i: number) => found === test.labels[start + i]).length;
  }
  return (100 * right) / test.count;
}

const classKernel = jit((classifier: Classifier, images: np.Array) =>
  np.argmax(classifyImages(classifier, images), -1),
);

/** Judges the first `count` test digits. Keeps both networks. */
async function measure(
  networks: Networks,
  test: Dataset,
  count: number,
  { k }: Pick<Config, "k">,
  onProgress?: Progress,
): Promise<MeasuresOf<typeof judgedColumns>> {
  let [known, same] = [0, 0];
  for (const { start, images } of imageBlocks(test, count, JUDGED_AT_ONCE)) {
    const { alone, whole } = await chooseOfAll(networks, images, k);
    whole.forEach((found, i) => {
      known += found === test.labels[start + i] ? 1 : 0;
      same += found === alone[i] ? 1 : 0;
    });
    await onProgress?.(start + whole.length, count);
  }
  return { classifier: (100 * known) / count, postHoc: (100 * same) / count };
}

export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  data: DatasetSplits,
  { examples, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const test = threesAndEights(data.test);
  const count = Math.min(examples ?? test.count, test.count);
  const measures = await withArrays(trainedNetworks(checkpoint), (networks) =>
    measure(networks, test, count, config, onProgress),
  );
  return resultsOf(columns, headlines, measures, count);
}

// Choosing -----------------------------------------------------------------------------------------------------------

type Networks = { classifier: Classifier; explainer: Perceptron };

/** Both networks, which the caller owns; undefined before there is an explainer. */
export function networksOf({ tensors }: Checkpoint): Networks | undefined {
  if (!Object.keys(tensors).some((name) => name.startsWith("classifier."))) return undefined;
  return {
    classifier: arraysOf<Classifier>(tensors, "classifier"),
    explainer: arraysOf<Perceptron>(tensors, "explainer.model"),
  };
}

function trainedNetworks(checkpoint: Checkpoint): Networks {
  const networks = networksOf(checkpoint);
  if (networks) return networks;
  throw new Error("The classifier is still being trained, and there is nothing that explains it yet.");
}

/** What is chosen of images, and the class that the classifier tells by that alone and by the whole. */
interface ChosenOfAll {
  /** 1 for a chosen patch. */
  readonly chosen: Float32Array;
  readonly alone: Int32Array;
  readonly whole: Int32Array;
}

/** Keeps the networks, and consumes the images. */
export async function chooseOfAll(
  { classifier, explainer }: Networks,
  images: np.Array,
  k: number,
): Promise<ChosenOfAll> {
  return readArrays<ChosenOfAll>(chooseKernel(tree.ref(explainer), subjectOf(tree.ref(classifier)), images, k));
}

const chooseKernel = choiceKernel(classifyImages);

/** What is chosen of one image, and what the classifier says of it: how probable it holds 3 and 8, in this order. */
export interface ChosenPatches {
  /** Of the pixels, 1 in the chosen patches. */
  readonly marks: Uint8Array;
  /** By the chosen patches alone. */
  readonly alone: readonly number[];
  /** By the whole image. */
  readonly whole: readonly number[];
}

/**
 * What a trained pair of networks makes of the reader's own image.
 *
 * @param image bytes, 28 x 28
 * @throws Error before there is an explainer
 */
export async function choosePatches(
  { config, checkpoint }: Trained<Config>,
  image: Uint8Array,
): Promise<ChosenPatches> {
  return withArrays(trainedNetworks(checkpoint), async ({ classifier, explainer }) => {
    const pixels = Float32Array.from(image, (byte) => byte / 255);
    const rows = (...images: Float32Array[]) => np.array(concatenate(images), { shape: [images.length, SIDE ** 2] });
    const { chosen } = await chooseOfAll({ classifier, explainer }, rows(pixels), config.k);
    const marks = pixelMarks(chosen);
    const left = pixels.map((pixel, i) => pixel * marks[i]!);
    const said = (await probabilities(tree.ref(classifier), rows(pixels, left)).data()) as Float32Array;
    return { marks, whole: [...said.subarray(0, DIGITS.length)], alone: [...said.subarray(DIGITS.length)] };
  });
}

/** The pixels of an image's chosen patches. */
export function pixelMarks(chosen: ArrayLike<number>): Uint8Array {
  const patchAt = (place: number) => Math.floor(place / PATCH);
  return Uint8Array.from({ length: SIDE ** 2 }, (_, pixel) => {
    return chosen[patchAt(Math.floor(pixel / SIDE)) * ACROSS + patchAt(pixel % SIDE)]!;
  });
}
