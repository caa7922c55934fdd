/** What to say of a run that diverged: where, what to turn, and what is kept of it. */

import { join } from "node:path";
import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { BaseConfig } from "@softdraw/experiments/experiment";
import { type Divergence, describeDivergence } from "@softdraw/experiments/training/divergence";
import { placeOf } from "@softdraw/experiments/training/position";
import { CHECKPOINT } from "../runs/names.ts";
import type { Run } from "../runs/run.ts";
import { kebab } from "./command.ts";

/** Options that may keep a training from diverging, and to which side they are to be turned. */
const REMEDIES = [
  { name: "learningRate", turn: "lower" },
  { name: "temperature", turn: "higher" },
  { name: "variance", turn: "higher" },
] as const;

export async function divergedError(run: Run, config: BaseConfig, divergence: Divergence): Promise<Error> {
  return new Error(
    `${run.path} diverged: ${describeDivergence(divergence)}. Train again with ${remedies(config)}. ${await kept(run)}`,
  );
}

/** Such as `a lower --learning-rate than 0.1 or a higher --temperature than 1`. */
function remedies(config: BaseConfig): string {
  const values: Readonly<Record<string, unknown>> = { ...config };
  const having = REMEDIES.filter(({ name }) => typeof values[name] === "number");
  const turns = having.map(({ name, turn }) => `a ${turn} --${kebab(name)} than ${values[name]}`);
  return turns.length === 0 ? "other options" : turns.join(" or ");
}

async function kept(run: Run): Promise<string> {
  const checkpoint = await run.loadCheckpoint();
  if (checkpoint === undefined) return "It diverged before its first checkpoint.";
  return `Its last sound checkpoint is kept: ${join(run.path, CHECKPOINT)}${placeIn(checkpoint)}.`;
}

/** Where a checkpoint was taken, as an apposition; empty for one that does not say. */
export function placeIn(checkpoint: Checkpoint): string {
  const place = placeOf(checkpoint);
  return place ? `, after step ${place.step} of epoch ${place.epoch}` : "";
}
