/** How well a categorical VAE does: its loss with relaxed and with exact choices, and a bound on its log-likelihood. */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { z } from "zod";
import { withModel } from "../checkpoint/model.ts";
import { type Column, lossColumn, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../columns.ts";
import { imageBlocks } from "../data/batches.ts";
import { bytesAnImage, type Dataset, type DatasetSplits } from "../data/types.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../experiment.ts";
import { meanWithError, streamingLogSumExp } from "../mathematics/statistics.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { stepsAnEpoch } from "../training/epochs.ts";
import type { EpochEnd } from "../training/loop.ts";
import { temperatureReached } from "../training/settings.ts";
import { streams } from "../training/streams.ts";
import { drawn, latentOf } from "./latent.ts";
import { likelihoodOf } from "./likelihood.ts";
import {
  type Config,
  decode,
  divergence,
  encode,
  imagesOf,
  type Model,
  NAME,
  reconstructionLoss,
  type State,
} from "./method.ts";

/** Images in one call when no gradient is taken. */
const MEASURED_AT_ONCE = 500;

/** Training images that are measured after an epoch: of a small set a third, so that an epoch's measuring takes a fifth of its steps' time. */
const measuredOf = (train: Dataset) => Math.min(Math.ceil(train.count / 3), 10_000);

const BITS_NOTE = "the discrete test loss for each value of a pixel; 8 without a model";

export const columns = [
  lossColumn("optimized", 2),
  {
    key: "relaxed",
    label: "relaxed",
    digits: 2,
    description: "training loss with relaxed choices, after the epoch",
    isOccasional: true,
  },
  { key: "discrete", label: "discrete", digits: 2, description: "training loss with exact choices, same noise" },
  {
    key: "gap",
    label: "gap",
    name: "soft-hard gap, training",
    digits: 2,
    unit: "nats",
    description: "discrete less relaxed: what the relaxation hides",
    note: "discrete less relaxed loss of training images, same noise",
    isOccasional: true,
  },
  {
    key: "test",
    label: "test",
    name: "discrete test loss",
    digits: 2,
    unit: "nats",
    description: "test loss with exact choices: minus the bound, nats an image",
    note: "minus the evidence lower bound, an image",
  },
  {
    key: "reconstruction",
    label: "recon",
    name: "reconstruction",
    digits: 2,
    unit: "nats",
    description: "its reconstruction part",
    note: "-log p(x | z) on the test set",
  },
  {
    key: "divergence",
    label: "KL",
    name: "divergence",
    digits: 2,
    unit: "nats",
    description: "its divergence from the uniform prior",
    note: "KL to the uniform prior on the test set",
  },
  {
    key: "bits",
    label: "bits",
    name: "bits per dimension",
    digits: 3,
    unit: "bits",
    description: "the test loss in bits for each value of a pixel, of likelihoods of whole bytes",
    note: BITS_NOTE,
    isOccasional: true,
    isResultOnly: true,
  },
  temperatureColumn,
  paceColumn("imagesPerSecond", "images/s"),
] as const;

export const headlines = ["test", "reconstruction", "divergence", "bits", "gap"] as const;

export const objectives = {
  discrete: { key: "test", goal: "smallest" },
  relaxed: { key: "relaxed", goal: "smallest" },
} as const;

/** Measures the model on training and test images after an epoch, with the same noise after every epoch. */
export function epochMeasures(config: Config, data: DatasetSplits) {
  const measure = measurement(config);
  return async ({ model }: State, { epoch, loss, temperature, pace }: EpochEnd): Promise<RecordOf<typeof columns>> => {
    const train = await imagesOf(config, data, "train");
    const test = await imagesOf(config, data, "test");
    const onTraining = await measure(model, train, measuredOf(train), temperature);
    const onTest = await measure(model, test, test.count, temperature);
    const discrete = onTraining.reconstruction + onTraining.divergence;
    const testLoss = onTest.reconstruction + onTest.divergence;
    return {
      epoch,
      optimized: loss,
      ...(onTraining.relaxed !== undefined && { relaxed: onTraining.relaxed }),
      discrete,
      ...gapOf(onTraining),
      test: testLoss,
      reconstruction: onTest.reconstruction,
      divergence: onTest.divergence,
      ...bitsOf(config, testLoss, test),
      temperature,
      imagesPerSecond: pace,
    };
  };
}

interface Losses {
  readonly reconstruction: number;
  readonly divergence: number;
  /** Of choices that have a relaxation. */
  readonly relaxed?: number;
}

/** The discrete loss less the relaxed one, where there is one. */
function gapOf({ relaxed, reconstruction, divergence }: Losses): { gap?: number } {
  return relaxed === undefined ? {} : { gap: reconstruction + divergence - relaxed };
}

/**
 * The discrete loss in its parts, and the relaxed loss of choices that have a relaxation, as means over the first
 * `count` images. Keeps the model.
 */
export function measurement(config: Config) {
  const { structure } = latentOf(config);
  const sums = jit(function measure(model: Model, images: np.Array, key: np.Array, temperature: np.Array) {
    const logits = encode(model.encoder, images.ref, config);
    const choices = [drawn(structure, key.ref, logits.ref, [])];
    if (structure.relax) choices.push(structure.relax(key.ref, logits.ref, { temperature }));
    else temperature.dispose();
    const distance = divergence(key, logits, 1, config).sum();
    const reconstructions = choices.map((values) =>
      reconstructionLoss(tree.ref(model.decoder), values, images.ref, config).sum(),
    );
    tree.dispose([model.decoder, images]);
    return np.stack([distance, ...reconstructions]);
  });
  return async (model: Model, dataset: Dataset, count: number, temperature: number): Promise<Losses> => {
    const totals: number[] = [];
    for (const { start, images } of imageBlocks(dataset, count, MEASURED_AT_ONCE)) {
      const values = await sums(
        tree.ref(model),
        images,
        streamKey(config.seed, streams.measuring + start),
        temperature,
      ).data();
      for (const [i, value] of values.entries()) totals[i] = (totals[i] ?? 0) + value / count;
    }
    const [divergence, reconstruction, relaxed] = totals as [number, number, number?];
    return { reconstruction, divergence, ...(relaxed !== undefined && { relaxed: relaxed + divergence }) };
  };
}

/** The temperature of the last step that the model has been trained for. */
export function lastTemperature(trained: Trained<Config>, train: Dataset): number {
  return temperatureReached(trained, { name: NAME, steps: stepsAnEpoch(trained.config, train) });
}

// Evaluation ----------------------------------------------------------------------------------------------------------

/** Rows that the decoder takes at once: it bounds the memory, whatever the number of samples. */
const DECODED_AT_ONCE = 2000;

const IMAGES_AT_ONCE = 100;

export const evaluationOptions = z.strictObject({
  importanceSamples: z.int().min(1).max(1_000_000).default(100).describe("samples of the log-likelihood bound"),
});

const TEST_NOTES: Readonly<Record<string, string>> = {
  test: "minus the evidence lower bound, one sample",
  gap: "discrete less relaxed loss of test images, same noise",
  bits: BITS_NOTE,
};

/** The columns where all is measured on the test set: there the gap is another one than that of a training. */
const testColumns = columns.map(
  (column): Column => ({
    ...column,
    ...(column.key === "gap" && { name: "soft-hard gap, test" }),
    note: () => TEST_NOTES[column.key],
  }),
);

/** The losses on the test set, and the importance-weighted bound on the log-likelihood. */
export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  data: DatasetSplits,
  { examples = data.test.count, seed, onProgress, own = {} }: EvaluationOptions,
): Promise<Result[]> {
  const { importanceSamples } = evaluationOptions.parse(own);
  const test = await imagesOf(config, data, "test");
  const count = Math.min(examples, test.count);
  const temperature = lastTemperature({ config, checkpoint }, data.train);
  const { losses, bound } = await withModel(checkpoint, async (model: Model) => ({
    losses: await measurement(config)(model, test, count, temperature),
    bound: await likelihoodBound(config, model, test, { count, importanceSamples, seed, onProgress }),
  }));
  const discrete = losses.reconstruction + losses.divergence;
  const measures = { ...losses, test: discrete, ...gapOf(losses), ...bitsOf(config, discrete, test) };
  const { bits } = bitsOf(config, -bound.mean, test);
  const note = `${importanceSamples} importance samples`;
  return [
    ...resultsOf(testColumns, headlines, measures),
    ...(bits === undefined ? [] : [{ name: "bits of the bound", value: bits, digits: 3, unit: "bits", note }]),
    {
      name: "log-likelihood bound",
      value: bound.mean,
      digits: 2,
      unit: "nats",
      note: `${note}, ${count} images, standard error ${bound.standardError.toFixed(2)}`,
    },
  ];
}

/** Nats an image as bits for each value of a pixel, by which models of bytes are compared; nothing for those of ink or none. */
function bitsOf({ likelihood }: Config, nats: number, images: Dataset): { bits?: number } {
  return likelihood === "bernoulli" ? {} : { bits: nats / (Math.LN2 * bytesAnImage(images)) };
}

/**
 * The importance-weighted bound on the discrete model's log-likelihood, `log (1/K) sum_k p(x | z_k) p(z_k) / q(z_k | x)`,
 * z_k drawn from q. It grows with K towards log p(x); K = 1 is the evidence lower bound.
 *
 * Burda, Grosse, Salakhutdinov, "Importance Weighted Autoencoders", 2016.
 */
async function likelihoodBound(
  config: Config,
  model: Model,
  test: Dataset,
  given: { count: number; importanceSamples: number; seed: number; onProgress?: Progress | undefined },
): Promise<{ mean: number; standardError: number }> {
  const { count, importanceSamples, seed, onProgress } = given;
  const weigh = importanceKernel(config);
  const bounds: number[] = [];
  for (const { start, images } of imageBlocks(test, count, IMAGES_AT_ONCE)) {
    const sums = streamingLogSumExp(images.shape[0]!);
    const key = streamKey(seed, streams.measuring + start);
    for await (const { logWeights, drawn } of importanceWeights(weigh, model, images, importanceSamples, key)) {
      sums.add(logWeights);
      await onProgress?.(start * importanceSamples + drawn * images.shape[0]!, count * importanceSamples);
    }
    bounds.push(...sums.values().map((sum) => sum - Math.log(importanceSamples)));
    images.dispose();
  }
  return meanWithError(bounds);
}

/** Log-weights `[samples, images]` in parts, row by row. Keeps model and images, and consumes the key. */
async function* importanceWeights(
  weigh: ReturnType<typeof importanceKernel>,
  model: Model,
  images: np.Array,
  samples: number,
  key: np.Array,
) {
  const atOnce = Math.max(1, Math.floor(DECODED_AT_ONCE / images.shape[0]!));
  for (let drawn = 0; drawn < samples; ) {
    const size = Math.min(atOnce, samples - drawn);
    const [next, drawKey] = splitKey(key, 2);
    key = next;
    drawn += size;
    yield { logWeights: await weigh(tree.ref(model), images.ref, drawKey, size).data(), drawn };
  }
  key.dispose();
}

function importanceKernel(config: Config) {
  const { structure, logValues } = latentOf(config);
  return jit(
    function importance(model: Model, images: np.Array, key: np.Array, samples: number) {
      const logits = encode(model.encoder, images.ref, config);
      const choices = drawn(structure, key, logits.ref, [samples]);
      const logPosterior = structure.logProb(choices.ref, logits).sum(-1);
      const logPrior = -config.variables * logValues;
      const logLikelihood = likelihoodOf(config).logProb(images, decode(model.decoder, choices, config));
      return logLikelihood.add(logPrior).sub(logPosterior);
    },
    { staticArgnums: [3] },
  );
}
