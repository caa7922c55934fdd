/** Where a training is, in its checkpoints and out of them. */

import { tree } from "@jax-js/jax";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { foreignText, foreignValue } from "../foreign-text.ts";
import { parseJson } from "../json.ts";
import type { Parameters } from "../nn/adam.ts";
import { arraysOf, checkTensors } from "../nn/tensors.ts";
import { problemOf } from "../problems.ts";

/** `step` steps of epoch `epoch` are done, and what they measured sums to `sums`. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
  readonly sums: readonly number[];
}

/** Where a training begins or goes on, and with what. */
export interface Start<State> {
  readonly state: State;
  readonly position: Position;
}

const storedPosition = z.object({
  epoch: z.int().min(1),
  step: z.int().min(0),
  /** Up to version 0.1.0 an experiment's sums had names, or were one number named `lossSum`. */
  sums: z.union([z.array(z.number()), z.record(z.string(), z.number()).transform(Object.values<number>)]).optional(),
  lossSum: z.number().optional(),
});

/** The state and the position of a checkpoint, or the beginning. The caller owns the state. */
export function startOf<State extends Parameters>(
  { name, begin }: { readonly name: string; begin(): State },
  checkpoint?: Checkpoint,
): Start<State> {
  if (checkpoint === undefined) return { state: begin(), position: { epoch: 1, step: 0, sums: [] } };
  const position = readPosition(name, checkpoint);
  return { state: arraysOf<State>(checkpoint.tensors), position };
}

/**
 * Refuses a checkpoint that does not belong to a training.
 *
 * @throws Error saying what was expected and what came
 */
export function checkCheckpoint(
  { name, begin, epochs, steps }: { readonly name: string; begin(): Parameters; epochs: number; steps: number },
  checkpoint: Checkpoint,
): void {
  const { epoch, step } = readPosition(name, checkpoint);
  const initial = begin();
  try {
    checkTensors(checkpoint.tensors, initial);
  } finally {
    tree.dispose(initial);
  }
  if (epoch <= epochs && step <= steps) return;
  throw new RangeError(
    `The checkpoint is beyond the training: expected at most epoch ${epochs}, step ${steps}, got epoch ${epoch}, step ${step}.`,
  );
}

/** A position as a checkpoint's metadata. */
export function positionMetadata(experiment: string, position: Position) {
  return { experiment, position: JSON.stringify(position) };
}

/** Where a training was when it wrote a checkpoint; undefined where the checkpoint does not say it. */
export function placeOf({ metadata }: Checkpoint): Pick<Position, "epoch" | "step"> | undefined {
  return storedPosition.safeParse(parsed(metadata.position ?? "")).data;
}

/**
 * The position that `positionMetadata` wrote.
 *
 * @throws Error for a checkpoint of something else, or whose position cannot be read
 */
export function readPosition(experiment: string, { metadata }: Checkpoint): Position {
  if (metadata.experiment !== experiment || metadata.position === undefined) {
    throw new Error(
      `The checkpoint is of something else: expected the metadata experiment "${experiment}" and a position, ` +
        `got ${foreignValue(metadata)}.`,
    );
  }
  const stored = parsed(metadata.position);
  const { data, error } = storedPosition.safeParse(stored);
  if (error) throw new Error(`The checkpoint's position cannot be read: ${problemOf(error, stored)}.`);
  const { epoch, step, lossSum, sums = lossSum === undefined ? [] : [lossSum] } = data;
  if (step === 0 || sums.length > 0) return { epoch, step, sums };
  throw new Error(`The checkpoint's position has no sums of its ${step} steps: got ${foreignText(metadata.position)}.`);
}

/** What is no JSON stays text, which no schema of ours takes. */
function parsed(json: string): unknown {
  try {
    return parseJson(json);
  } catch {
    return json;
  }
}
