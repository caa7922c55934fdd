/**
 * What an experiment of one's own is made of, in one place: `import { defineExperiment, ... } from "@softdraw/experiments/define"`.
 *
 * `z` is the zod that the schema of an experiment is to be made with.
 *
 * @module
 */

export { z } from "zod";
export { type Column, lossColumn, paceColumn, resultsOf, temperatureColumn } from "./columns.ts";
export { generated } from "./data/types.ts";
export {
  type Context,
  defineExperiment,
  type EvaluationOptions,
  type Experiment,
  type NamedPicture,
  type Trained,
  trainedByLoop,
} from "./experiment.ts";
export { type AdamOptions, type AdamState, adam, adamW, type Parameters, rAdam } from "./nn/adam.ts";
export { type Dense, dense, initDense } from "./nn/dense.ts";
export { splitKey, streamKey } from "./nn/keys.ts";
export type { Optimizer, OptimizerStates } from "./nn/optimizer.ts";
export { initPerceptron, type Perceptron, perceptron } from "./nn/perceptron.ts";
export { sgd } from "./nn/sgd.ts";
export { arraysOf } from "./nn/tensors.ts";
export { tileImages } from "./report/pixels.ts";
export { type EpochEnd, noBatches, type Training } from "./training/loop.ts";
export { dataOptions, learningRateOptions, seedOption, temperatureOptions } from "./training/options.ts";
export { type StepSettings, scheduledSettings } from "./training/settings.ts";
export { streams } from "./training/streams.ts";
