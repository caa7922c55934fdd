/** The training of the tasks that make their examples as they train. */

import { random } from "@jax-js/jax";
import type { Context } from "../experiment.ts";
import type { Parameters } from "../nn/adam.ts";
import { noBatches } from "../training/loop.ts";
import { type LearningRateConfig, scheduledSettings, type TemperatureConfig } from "../training/settings.ts";
import { initState, type StepConfig, type Task, trainingStep } from "./model.ts";
import { NAME } from "./options.ts";

/** What a training needs of a task's configuration. */
export interface GeneratedConfig extends StepConfig, TemperatureConfig, LearningRateConfig {
  readonly task: string;
  readonly seed: number;
  readonly epochs: number;
  readonly steps: number;
}

/** The step draws the examples, and is given none. */
export type NothingGiven = Record<string, never>;

export function generatedTraining<Model extends Parameters, Inputs extends Parameters>(
  config: GeneratedConfig,
  task: Task<Model, NothingGiven, Inputs>,
  { temperatureOverride }: Context,
) {
  const { epochs, steps, batch, seed } = config;
  return {
    name: checkpointName(config.task),
    epochs,
    steps,
    examples: batch,
    begin: () => initState(random.key(seed), task.init),
    settingsAt: scheduledSettings(config, steps * epochs, temperatureOverride),
    batchesOf: noBatches,
    update: trainingStep(config, task),
  };
}

/** Settings of a training that nobody watches: from warm draws to cold ones, with steps that fall to 0. */
export function coolingSettings(
  values: Pick<TemperatureConfig & LearningRateConfig, "temperature" | "temperatureEnd" | "learningRate">,
  steps: number,
) {
  const cooling = { schedule: "linear", temperatureRate: 0, temperatureHold: 1, learningRateDecay: "cosine" } as const;
  return scheduledSettings({ ...values, ...cooling }, steps);
}

/** What a checkpoint says that it is of. */
export function checkpointName(task: string): string {
  return `${NAME} ${task}`;
}
