/** A training whose numbers are no longer finite ends before anything of it is saved. */

import { jit, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import type { EpochRecord, TrainingEvent } from "../src/experiment.ts";
import { Diverged } from "../src/training/divergence.ts";
import { noBatches, run, type Training } from "../src/training/loop.ts";

type State = { weight: np.Array };

/** Three steps an epoch, two epochs: the weight is multiplied by 10^10 at every step, and is infinite after the fourth. */
function training(changes: Partial<Training<State>> = {}): Training<State> {
  return {
    name: "growth",
    epochs: 2,
    steps: 3,
    examples: 1,
    begin: () => ({ weight: np.ones([2]) }),
    settingsAt: () => ({ temperature: 1 }),
    batchesOf: noBatches,
    update: jit(({ weight }: State) => ({ state: { weight: weight.mul(1e10) }, measured: np.zeros([]) })),
    measure: async (_, { epoch, loss }) => ({ epoch, loss }),
    ...changes,
  };
}

/** The events until it ends, and the error that it ends with. */
async function eventsOf(training: Training<State>): Promise<{ events: TrainingEvent[]; error: unknown }> {
  const events: TrainingEvent[] = [];
  try {
    for await (const event of run(training)) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

test("a state that is not finite at the end of an epoch is refused before it is measured", async () => {
  const measured: number[] = [];
  const measure = async (_: State, { epoch }: { epoch: number }): Promise<EpochRecord> => {
    measured.push(epoch);
    return { epoch };
  };
  const { events, error } = await eventsOf(training({ measure }));
  expect(error).toBeInstanceOf(Diverged);
  expect(error).toMatchObject({
    message:
      "The training diverged: the state's weight is Infinity at epoch 2, step 3. A lower learning rate or a higher temperature may train.",
    epoch: 2,
    step: 3,
    what: "the state's weight",
    value: "Infinity",
  });
  expect(events.map(({ epoch, step }) => [epoch, step])).toEqual(
    [1, 2, 3, 4, 5].map((n) => [Math.ceil(n / 3), ((n - 1) % 3) + 1]),
  );
  expect(measured).toEqual([1]);
});

test("a state that is not finite in the middle of an epoch is refused where it is to be saved", async () => {
  const saved: (string | number)[] = [];
  const save = async () => {
    for await (const { step, checkpoint } of run(training({ epochs: 1, steps: 6 }))) {
      saved.push((await checkpoint()).tensors.weight!.data[0]!, step);
    }
  };
  await expect(save()).rejects.toThrow("the state's weight is Infinity at epoch 1, step 4");
  expect(saved).toEqual([Math.fround(1e10), 1, Math.fround(1e20), 2, expect.closeTo(1e30, -24), 3]);
});

test.each([
  ["the epoch's loss is NaN at epoch 1, step 3", { loss: Number.NaN }],
  ["the epoch's gap is -Infinity at epoch 1, step 3", { loss: 1, gap: Number.NEGATIVE_INFINITY }],
])("a record is refused: %s", async (message, values) => {
  const { events, error } = await eventsOf(training({ measure: async (_, { epoch }) => ({ epoch, ...values }) }));
  expect((error as Error).message).toContain(message);
  expect(events.map(({ step }) => step)).toEqual([1, 2]);
});

test.each([
  ["the loss is NaN", [Number.NaN, 1]],
  ["number 2 of the step is Infinity", [1, Number.POSITIVE_INFINITY]],
])("what a step measures is refused: %s", async (message, numbers) => {
  const update = jit((state: State) => ({ state, measured: np.array([...numbers]) }));
  const { events, error } = await eventsOf(training({ update }));
  expect((error as Error).message).toContain(`${message} at epoch 1, step 1.`);
  expect(events).toEqual([]);
});

test("what an epoch did not measure is no reason to end", async () => {
  const measure = async (): Promise<EpochRecord> => ({ epoch: 1, test: undefined });
  const { events, error } = await eventsOf(training({ epochs: 1, measure }));
  expect(error).toBeUndefined();
  expect(events).toHaveLength(3);
});

test("a step that needs more memory than the engine can address says so in words of ours", async () => {
  const update = Object.assign(
    () => {
      throw new RangeError("Allocation exceeds the 4 GiB memory32 limit");
    },
    { dispose() {} },
  );
  const { events, error } = await eventsOf(training({ update }));
  expect(events).toEqual([]);
  expect(error).toMatchObject({
    message: expect.stringMatching(
      /^A step of this configuration needs more than the 4 GiB that WebAssembly has: expected/,
    ),
  });
});
