/** A training whose every state is known, run by the tests in processes that they kill. */

import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { openRun } from "../../src/runs/run.ts";

/** Large enough for a kill to hit the middle of a write. */
const WEIGHTS = 100_000;

export const recordAt = (step: number) => ({ step, loss: 1 / step, note: "é".repeat(step % 7) });

export const checkpointAt = (step: number): Checkpoint => ({
  tensors: {
    weight: { shape: [WEIGHTS], data: new Float32Array(WEIGHTS).fill(step) },
    key: { shape: [2], data: Uint32Array.of(step, ~step) },
  },
  metadata: { step: `${step}` },
});

/** Resumes the run in `path` and trains until `lastStep`; `onResume` gets the step that it resumes from. */
export async function train(path: string, lastStep: number, onResume = (_step: number) => {}): Promise<void> {
  const run = await openRun(path, { lock: true });
  const checkpoint = await run.rewind();
  const resumed = Number(checkpoint?.metadata.step ?? 0);
  onResume(resumed);
  for (let step = resumed + 1; step <= lastStep; step++) {
    await run.appendMetrics(recordAt(step));
    await run.saveCheckpoint(checkpointAt(step));
  }
  await run.close();
}
