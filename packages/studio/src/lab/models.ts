/** Trained models by experiment: what was trained here last, or loaded. */

import { withFreshOptimizer } from "@softdraw/experiments/checkpoint/compact";
import { configurationIn, describeCheckpoint } from "@softdraw/experiments/checkpoint/described";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import type { BaseConfig, Trained } from "@softdraw/experiments/experiment";
import { readPosition } from "@softdraw/experiments/training/position";
import { configurationOf, experimentNamed, type Values } from "./catalog.ts";
import { isHere } from "./data.ts";
import { FACTS } from "./shipped.ts";

export interface ModelFacts {
  /** Of its experiment. */
  readonly name: string;
  readonly config: Values;
  readonly epoch: number;
  readonly step: number;
  /** Not one of another data set: its place in that means nothing here. */
  readonly canContinue: boolean;
}

const models = new Map<string, Trained<BaseConfig>>();

export function keepModel(name: string, config: BaseConfig, checkpoint: Checkpoint): ModelFacts {
  models.set(name, { config, checkpoint });
  const { epoch, step } = readPosition(name, checkpoint);
  return { name, config: { ...config }, epoch, step, canContinue: isHere(config) };
}

/** @throws Error saying how to come by one */
export function modelOf(name: string): Trained<BaseConfig> {
  const model = models.get(name);
  if (model) return model;
  throw new Error(`There is no model of ${experimentNamed(name).title} yet: train one, or load a checkpoint.`);
}

/** The model as the bytes of a checkpoint, which say its configuration. */
export function encodeModel(name: string): Uint8Array<ArrayBuffer> {
  const { config, checkpoint } = modelOf(name);
  return encodeCheckpoint(describeCheckpoint(checkpoint, config));
}

/**
 * Keeps the model in the bytes of a checkpoint, of the page or of the command line.
 *
 * @param given the configuration, where the checkpoint does not say it
 * @throws Error that says what was expected and what came, for bytes that are no checkpoint of an experiment
 */
export async function loadModel(
  { bytes, file, given = {} }: { bytes: Uint8Array; file: string; given?: Values },
  dataFor: (config: BaseConfig) => Promise<DatasetSplits>,
): Promise<ModelFacts> {
  const { tensors, metadata } = withFreshOptimizer(decodeCheckpoint(bytes, file));
  const { [FACTS]: _, ...rest } = metadata;
  const checkpoint = { tensors, metadata: rest };
  const name = checkpoint.metadata.experiment ?? "";
  const experiment = experimentNamed(name);
  const values = { ...(configurationIn(checkpoint) ?? given) } as Record<string, unknown>;
  // The folder of another machine's data.
  delete values.dataDir;
  const config = configurationOf(name, values);
  const placed = isHere(config)
    ? checkpoint
    : { ...checkpoint, metadata: { ...checkpoint.metadata, position: epochStart(name, checkpoint) } };
  experiment.check(config, { data: await dataFor(config), checkpoint: placed });
  return keepModel(name, config, checkpoint);
}

/** Steps of another data set mean nothing here; the epoch says which part of a training the tensors are of. */
function epochStart(name: string, checkpoint: Checkpoint): string {
  return JSON.stringify({ epoch: readPosition(name, checkpoint).epoch, step: 0 });
}
