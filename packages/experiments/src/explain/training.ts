/** The training loop that the tasks share. A training is one stage or several, each with a step of its own. */

import { random, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import type { Context, TrainingEvent } from "../experiment.ts";
import type { Parameters } from "../nn/adam.ts";
import { arraysOf, readTensors } from "../nn/tensors.ts";
import { dials, type LearningRateConfig, type TemperatureConfig } from "../training/configuration.ts";
import { checkCheckpoint, finiteLoss, positionMetadata, readPosition } from "../training/loop.ts";
import { initState, type State, type Task, type Training, trainingStep } from "./model.ts";
import { NAME } from "./options.ts";

/** `step` steps of epoch `epoch` are done; their losses sum to `lossSum`. */
export type Position = { epoch: number; step: number; lossSum: number };

export interface Stage<State extends Parameters> {
  /** Of the experiment and the task, in a checkpoint. */
  readonly name: string;
  /** Its epochs, from 1, both included, and those of the whole training. */
  readonly first: number;
  readonly last: number;
  readonly epochs: number;
  readonly steps: number;
  /** Examples a step. */
  readonly batch: number;
  /** What is turned, at a step of the stage. */
  dialsAt(step: number): { temperature: number; learningRate: number };
  /** One step; consumes the state. */
  update(state: State, dials: { temperature: number; learningRate: number }): { state: State; loss: NumberToRead };
  /** What an epoch ends with. Keeps the state. */
  measure(state: State, epoch: number): Promise<Readonly<Record<string, number>>>;
}

interface NumberToRead {
  data(): Promise<ArrayLike<number>>;
}

/**
 * Trains from `position` to the end of the stage.
 *
 * @param state consumed
 * @returns the state at the end, which the caller owns
 */
export async function* trainStage<State extends Parameters>(
  stage: Stage<State>,
  state: State,
  position: Position,
): AsyncGenerator<TrainingEvent, State, void> {
  const { name, first, last, epochs, steps, batch } = stage;
  let { epoch, step, lossSum } = position;
  let isOver = false;
  try {
    for (; epoch <= last; epoch++, step = 0, lossSum = 0) {
      const [firstStep, started] = [step, performance.now()];
      while (step < steps) {
        const dials = stage.dialsAt((epoch - first) * steps + step);
        const result = stage.update(state, dials);
        state = result.state;
        step++;
        const loss = finiteLoss((await result.loss.data())[0]!, epoch, step);
        lossSum += loss;
        const { temperature } = dials;
        const record = async () => {
          const examplesPerSecond = ((step - firstStep) * batch * 1000) / (performance.now() - started);
          const measured = await stage.measure(state, epoch);
          return { epoch, loss: lossSum / steps, ...measured, temperature, examplesPerSecond };
        };
        yield {
          ...{ epoch, epochs, step, steps, loss, temperature, examples: batch },
          record: step === steps ? await record() : undefined,
          checkpoint: () => saveState(name, state, { epoch, step, lossSum }),
        };
      }
    }
    isOver = true;
    return state;
  } finally {
    if (!isOver) tree.dispose(state);
  }
}

async function saveState(name: string, state: Parameters, position: Position): Promise<Checkpoint> {
  return { tensors: await readTensors(state), metadata: positionMetadata(name, position) };
}

/** What the loop needs of a task's configuration. */
export interface GeneratedConfig extends Training, TemperatureConfig, LearningRateConfig {
  readonly task: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
}

/** Whatever a task's arrays are called. */
type Arrays = Parameters;

/**
 * Checking and training for a task that makes its examples as it trains.
 *
 * @param measure what an epoch ends with; keeps the model
 */
export function generatedTraining<Config extends GeneratedConfig, Model extends Arrays, Inputs extends Arrays>(
  taskOf: (config: Config) => Task<Model, NothingGiven, Inputs>,
  measure: (config: Config, model: Model, epoch: number) => Promise<Readonly<Record<string, number>>>,
) {
  const begin = (config: Config) => initState(random.key(config.seed), taskOf(config).init);
  const nameOf = ({ task }: Config) => checkpointName(task);
  return {
    check(config: Config, { checkpoint }: Context): void {
      if (checkpoint === undefined) return;
      const position = readPosition<Position>(nameOf(config), checkpoint);
      checkCheckpoint(checkpoint, begin(config), position, config);
    },
    async *run(config: Config, { checkpoint, temperature }: Context): AsyncGenerator<TrainingEvent, void, void> {
      const { epochs, steps, batch } = config;
      const update = trainingStep(config, taskOf(config));
      const stage: Stage<State<Model>> = {
        ...{ name: nameOf(config), first: 1, last: epochs, epochs, steps, batch },
        dialsAt: dials(config, steps * epochs, temperature),
        update: (state, dialled) => update(state, {}, dialled),
        measure: ({ model }, epoch) => measure(config, model, epoch),
      };
      const { state, position } = restore(stage.name, checkpoint, () => begin(config));
      try {
        tree.dispose(yield* trainStage(stage, state, position));
      } finally {
        update.dispose();
      }
    },
  };
}

export type NothingGiven = Record<string, never>;

/** What a checkpoint says that it is of. */
export function checkpointName(task: string): string {
  return `${NAME} ${task}`;
}

/** Where a training of that name begins or goes on, and with what, which the caller owns. */
export function restore<State extends Parameters>(
  name: string,
  checkpoint: Checkpoint | undefined,
  begin: () => State,
): { state: State; position: Position } {
  if (checkpoint === undefined) return { state: begin(), position: { epoch: 1, step: 0, lossSum: 0 } };
  return { state: arraysOf(checkpoint.tensors) as State, position: readPosition<Position>(name, checkpoint) };
}
