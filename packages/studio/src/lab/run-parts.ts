/** A training of the page as the command line keeps one: see lab/src/runs/run.ts. */

import { describeCheckpoint } from "@softdraw/experiments/checkpoint/described";
import { encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { EpochRecord, ModuleFile, Result } from "@softdraw/experiments/experiment";
import { METRICS_RECORDS } from "@softdraw/lab/runs/names";
import { trainCommand } from "@softdraw/lab/training/command";
import { experimentNamed, familyOf, type Values } from "./catalog.ts";
import { modelOf } from "./models.ts";

export interface RunParts {
  /** As the command line calls it: the task is part of the configuration. */
  readonly experiment: string;
  /** Of an experiment of the reader's. */
  readonly module?: ModuleFile | undefined;
  readonly config: Values;
  readonly command: string;
  readonly checkpoint: Uint8Array<ArrayBuffer>;
  readonly results: readonly Result[];
}

export function runOf(name: string, records: readonly EpochRecord[]): RunParts {
  const { config, checkpoint } = modelOf(name);
  const experiment = familyOf(name);
  const { tensors, metadata } = describeCheckpoint(checkpoint, config);
  return {
    experiment: experiment.name,
    module: experiment.module,
    config: { ...config },
    command: trainCommand(experiment, config),
    checkpoint: encodeCheckpoint({ tensors, metadata: { ...metadata, [METRICS_RECORDS]: `${records.length}` } }),
    results: experimentNamed(name).results(records),
  };
}
