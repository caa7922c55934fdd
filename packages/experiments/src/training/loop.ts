/** The training loop: the only one. An experiment brings its state, its step and its batches, and what an epoch ends with. */

import { type numpy as np, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import type { EpochRecord, TrainingEvent } from "../experiment.ts";
import type { Parameters } from "../nn/adam.ts";
import { disposeRest, readTensors } from "../nn/tensors.ts";
import { checkMeasured, finiteRecord, finiteState } from "./divergence.ts";
import { type Position, positionMetadata, type Start, startOf } from "./position.ts";

/** What is trained, and how. `State` is all that training changes on the device, `Settings` what a step is told. */
export interface Training<
  State extends Parameters = Parameters,
  Batch extends Parameters | np.Array = Parameters,
  Settings extends { readonly temperature: number } = { readonly temperature: number },
> {
  /** What its checkpoints say that they are of. */
  readonly name: string;
  /** Records that the whole training yields. */
  readonly epochs: number;
  /** The first and the last epoch of this training, where it is a part of a longer one; default all. */
  readonly part?: { readonly first: number; readonly last: number };
  /** Of an epoch. */
  readonly steps: number;
  /** Seen in a step. */
  readonly examples: number;
  begin(): State;
  /** By the number of the step, from 0 at the first step of this training. */
  settingsAt(step: number): Settings;
  /** The batches of an epoch by the step, from 0. */
  batchesOf(epoch: number): Promise<(step: number) => Batch>;
  /** One step, jitted. Consumes state and batch; `measured` is the loss, or a list of numbers that begins with it. */
  readonly update: {
    (state: State, batch: Batch, settings: Settings): { state: State; measured: np.Array };
    dispose(): void;
  };
  /** What an epoch ends with. Keeps the state. */
  measure(state: State, epoch: EpochEnd): Promise<EpochRecord>;
}

/** What the loop knows of an epoch when it ends. */
export interface EpochEnd {
  readonly epoch: number;
  /** What was minimized, a mean over the steps. */
  readonly loss: number;
  /** Of all that the steps measured, over the epoch: the loss first. */
  readonly sums: readonly number[];
  readonly steps: number;
  /** Of the last step. */
  readonly temperature: number;
  /** Examples a second, measuring apart. */
  readonly pace: number;
}

/** Trains, from the beginning or from a checkpoint, and yields after every step. */
export async function* run<
  State extends Parameters,
  Batch extends Parameters | np.Array,
  Settings extends { readonly temperature: number },
>(training: Training<State, Batch, Settings>, checkpoint?: Checkpoint): AsyncGenerator<TrainingEvent, void, void> {
  tree.dispose(yield* train(training, startOf(training, checkpoint)));
}

/**
 * Trains to the end, and tells of every step.
 *
 * @param events of `train`
 * @returns the state in the end, which the caller owns
 */
export async function finalState<State>(
  events: AsyncGenerator<TrainingEvent, State, void>,
  onStep: (event: TrainingEvent) => void | Promise<void>,
): Promise<State> {
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return value;
      await onStep(value);
    }
  } catch (error) {
    // The training hears of it, and frees what it holds.
    await events.throw(error);
    throw error;
  }
}

/** The same from where it is told to start, whose state it consumes, to the state in the end, which the caller owns. */
export async function* train<
  State extends Parameters,
  Batch extends Parameters | np.Array,
  Settings extends { readonly temperature: number },
>(training: Training<State, Batch, Settings>, start: Start<State>): AsyncGenerator<TrainingEvent, State, void> {
  const { name, epochs, part = { first: 1, last: epochs }, steps, examples, update } = training;
  let { state } = start;
  let { epoch, step, sums }: Position = start.position;
  let next: Batch | undefined;
  let isOver = false;
  try {
    for (; epoch <= part.last; epoch++, step = 0, sums = []) {
      // A training that stopped after an epoch's last step has nothing left to do in it.
      if (step === steps) continue;
      const batchAt = await training.batchesOf(epoch);
      const [firstStep, started] = [step, performance.now()];
      while (step < steps) {
        next ??= batchAt(step);
        const settings = training.settingsAt((epoch - part.first) * steps + step);
        const result = explainingMemory(() => update(state, next!, settings));
        [state, next] = [result.state, undefined];
        step++;
        // The next batch is made between asking for the numbers of this step and waiting for them.
        const reading = result.measured.data();
        if (step < steps) next = batchAt(step);
        const measured = Array.from((await reading) as Float32Array);
        const place = { epoch, step };
        checkMeasured(measured, place);
        checkSums(measured, sums);
        sums = measured.map((value, i) => (sums[i] ?? 0) + value);
        const { temperature } = settings;
        const endOfEpoch = (): EpochEnd => {
          const pace = ((step - firstStep) * examples * 1000) / (performance.now() - started);
          return { epoch, loss: sums[0]! / steps, sums, steps, temperature, pace };
        };
        const end = step === steps ? endOfEpoch() : undefined;
        const readState = async () => finiteState(await readTensors(state), place);
        // Read before it is measured, which may refuse what is no number for reasons that say nothing of the training.
        const tensors = end && (await readState());
        const record = end && finiteRecord(await training.measure(state, end), place);
        yield {
          epoch,
          epochs,
          step,
          steps,
          loss: measured[0]!,
          temperature,
          examples,
          record,
          checkpoint: async () => ({
            tensors: tensors ?? (await readState()),
            metadata: positionMetadata(name, { ...place, sums }),
          }),
        };
      }
    }
    isOver = true;
    return state;
  } finally {
    if (!isOver) disposeRest(state);
    if (next !== undefined) disposeRest(next);
    update.dispose();
  }
}

/**
 * Upstream: the engine makes room for all arrays of a step before its first kernel runs, and says what it could not address in words
 * of its own.
 */
function explainingMemory<Result>(step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof RangeError && /4 GiB memory32/.test(error.message))) throw error;
    throw new RangeError(
      "A step of this configuration needs more than the 4 GiB that WebAssembly has: expected smaller batches or a smaller model, " +
        "or the device webgpu.",
      { cause: error },
    );
  }
}

/** A checkpoint that counted other numbers cannot be gone on from. */
function checkSums(measured: readonly number[], sums: readonly number[]): void {
  if (sums.length === 0 || sums.length === measured.length) return;
  throw new Error(
    `The checkpoint is of something else: expected ${measured.length} sums in its position, got ${sums.length}.`,
  );
}

/** The batches of a training that makes its examples as it trains: there is nothing in them. */
export async function noBatches(): Promise<() => Record<string, never>> {
  return () => ({});
}
