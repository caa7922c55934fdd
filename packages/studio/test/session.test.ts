/** A training that is watched and steered, of an experiment that does nothing. */

import { generated } from "@softdraw/experiments/data/types";
import type { BaseConfig, Experiment, TrainingEvent } from "@softdraw/experiments/experiment";
import { expect, test } from "vitest";
import { type Report, type Session, startSession } from "../src/lab/session.ts";

const STEPS = 4;

const event = (step: number): TrainingEvent => ({
  epoch: 1,
  epochs: 1,
  step,
  steps: STEPS,
  loss: step,
  temperature: 1,
  examples: 1,
  record: undefined,
  checkpoint: async () => ({ tensors: {}, metadata: { step: `${step}` } }),
});

/** Trains, and calls `onPictures` while the pictures of the first step are drawn, once. */
function begin(onPictures: (session: Session) => void): { session: Session; reports: Report[] } {
  const reports: Report[] = [];
  let hasDrawn = false;
  const experiment = {
    async *run() {
      for (let step = 1; step <= STEPS; step++) yield event(step);
    },
    async pictures() {
      if (!hasDrawn) onPictures(session);
      hasDrawn = true;
      return [];
    },
  } as Pick<Experiment, "run" | "pictures"> as Experiment;
  const task = { experiment, config: {} as BaseConfig, data: generated, checkpoint: undefined };
  const session = startSession(task, {
    observe: (report) => reports.push(report),
    nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  return { session, reports };
}

/** Lets whatever can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("a pause that is wished for while pictures are drawn is reported, and holds until it goes on", async () => {
  const { session, reports } = begin((own) => own.pause());
  await settle();
  expect(reports.at(-1)).toMatchObject({ isPaused: true, progress: { step: 1 } });
  expect((await session.checkpoint()).metadata).toEqual({ step: "1" });
  session.resume();
  const { isFinished, checkpoint } = await session.ending;
  expect([isFinished, checkpoint.metadata]).toEqual([true, { step: `${STEPS}` }]);
  expect(reports.at(-1)).toMatchObject({ isPaused: false, progress: { step: STEPS } });
  expect(reports.flatMap(({ losses }) => losses)).toEqual([1, 2, 3, 4]);
});

test("a stop while it is paused ends it where it is", async () => {
  const { session } = begin((own) => own.pause());
  await settle();
  session.stop();
  const { isFinished, checkpoint } = await session.ending;
  expect([isFinished, checkpoint.metadata]).toEqual([false, { step: "1" }]);
});
