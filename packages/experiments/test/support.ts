/** What the tests of experiments share: a few digits, and a training as plain data. */

import { createHash } from "node:crypto";
import { expect } from "vitest";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../src/checkpoint/safetensors.ts";
import type { Dataset, DatasetSplits } from "../src/data/types.ts";
import type { BaseConfig, EpochRecord, Experiment, TrainingEvent } from "../src/experiment.ts";

/** Milliseconds for what a file trains before its tests, on a busy machine. */
export const HOOK_TIMEOUT = 60_000;

export { fewDigits } from "@softdraw/testing/few-digits";

/** Pixels of an image, byte / 255. */
export function pixelsOf({ images, height, width }: Dataset, row: number): number[] {
  return Array.from(images.subarray(row * height * width, (row + 1) * height * width), (byte) => byte / 255);
}

export interface Training {
  readonly events: Omit<TrainingEvent, "checkpoint">[];
  readonly losses: number[];
  /** Timings apart. */
  readonly records: EpochRecord[];
  /** After the last step. */
  readonly checkpoint: Checkpoint;
}

/** How an experiment trains: to the end, or for `steps` steps; from the beginning, or from a checkpoint. */
export function trainingOf<Config extends BaseConfig>({ run }: Pick<Experiment<Config>, "run">) {
  return async function train(
    config: Config,
    data: DatasetSplits,
    { from, steps = Number.POSITIVE_INFINITY }: { from?: Checkpoint; steps?: number } = {},
  ): Promise<Training> {
    const events: Training["events"] = [];
    let checkpoint: Checkpoint | undefined;
    for await (const event of run(config, { data, checkpoint: from })) {
      events.push(event);
      const isLast = event.epoch === event.epochs && event.step === event.steps;
      if (isLast || events.length === steps) checkpoint = await event.checkpoint();
      if (events.length === steps) break;
    }
    const records = events.flatMap(({ record }) => (record ? [untimed(record)] : []));
    return { events, losses: events.map(({ loss }) => loss), records, checkpoint: checkpoint! };
  };
}

function untimed(record: EpochRecord): EpochRecord {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !key.endsWith("PerSecond"))) as EpochRecord;
}

/** A digest of the checkpoint's bytes as they are stored. */
export function digestOf(checkpoint: Checkpoint): string {
  return createHash("sha256").update(encodeCheckpoint(checkpoint)).digest("hex");
}

/**
 * Expects the same bits of a training that is stopped after some steps, stored, and gone on with.
 *
 * @param steps of the whole training
 * @param stops after how many of them it is stopped, each by itself
 * @returns the last checkpoint without a stop, and with each
 */
export async function expectSameAfterStops(
  train: (how?: { from?: Checkpoint; steps?: number }) => Promise<Training>,
  steps: number,
  stops: readonly number[],
): Promise<{ uninterrupted: Checkpoint; resumed: Checkpoint[] }> {
  const uninterrupted = await train();
  const last: Checkpoint[] = [];
  for (const stop of stops) {
    const stopped = await train({ steps: stop });
    const stored = decodeCheckpoint(encodeCheckpoint(stopped.checkpoint), "stopped");
    const resumed = await train({ from: stored });
    expect([...stopped.losses, ...resumed.losses]).toEqual(uninterrupted.losses);
    expect([...stopped.records, ...resumed.records]).toEqual(uninterrupted.records);
    // Nothing is left to be done after the last step.
    expect(resumed.losses).toHaveLength(steps - stop);
    last.push(resumed.checkpoint ?? stored);
    expect(digestOf(last.at(-1)!)).toBe(digestOf(uninterrupted.checkpoint));
  }
  return { uninterrupted: uninterrupted.checkpoint, resumed: last };
}

/** The checkpoint with one number of a tensor changed, in float64. */
export function moved(checkpoint: Checkpoint, name: string, at: number, by: number): Checkpoint {
  const tensor = checkpoint.tensors[name]!;
  const data = Float64Array.from(tensor.data as Float32Array);
  data[at]! += by;
  return { ...checkpoint, tensors: { ...checkpoint.tensors, [name]: { ...tensor, data: data as never } } };
}

export function indexOfLargest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]!) ? i : best), 0);
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
