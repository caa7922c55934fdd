/** What changes from step to step of a training: the temperature and the learning rate, by their schedules. */

import type { numpy as np } from "@jax-js/jax";
import { schedules } from "softdraw";
import type { Trained } from "../experiment.ts";
import type { decays, scheduleNames } from "./options.ts";
import { readPosition } from "./position.ts";

export interface TemperatureConfig {
  readonly temperature: number;
  readonly schedule: (typeof scheduleNames)[number];
  readonly temperatureEnd: number;
  readonly temperatureRate: number;
  readonly temperatureHold: number;
}

export interface LearningRateConfig {
  readonly learningRate: number;
  readonly learningRateDecay: (typeof decays)[number];
}

/** The settings of a step. */
export interface Settings {
  readonly temperature: number;
  readonly learningRate: number;
}

/** The same as a jitted step gets them: arrays, so that a new value compiles nothing. */
export type StepSettings = { temperature: np.Array; learningRate: np.Array };

/**
 * The settings by the step, counted from 0, of a training of `total` steps.
 *
 * @param override asked at every step: a temperature in place of the schedule's, or undefined
 */
export function scheduledSettings(
  config: TemperatureConfig & LearningRateConfig,
  total: number,
  override: () => number | undefined = () => undefined,
): (step: number) => Settings {
  const temperatureAt = temperatureSchedule(config, total);
  const learningRateAt = learningRateSchedule(config, total);
  return (step) => ({ temperature: override() ?? temperatureAt(step), learningRate: learningRateAt(step) });
}

/** The schedule that the options describe, over `steps` steps. */
export function temperatureSchedule(config: TemperatureConfig, steps: number): schedules.Schedule {
  const { temperature: start, temperatureEnd: end, temperatureRate: rate, temperatureHold: hold } = config;
  switch (config.schedule) {
    case "constant":
      return schedules.constant(start);
    case "exponential":
      return schedules.exponential({ start, rate, floor: end, hold });
    case "linear":
      return schedules.linear({ start, end, steps });
    case "cosine":
      return schedules.cosine({ start, end, steps });
  }
}

/** The temperature of the last step that a model has been trained for, by a training of that name and of so many steps an epoch. */
export function temperatureReached(
  { config, checkpoint }: Trained<TemperatureConfig & { readonly epochs: number }>,
  { name, steps }: { readonly name: string; readonly steps: number },
): number {
  const { epoch, step } = readPosition(name, checkpoint);
  return temperatureSchedule(config, steps * config.epochs)((epoch - 1) * steps + step - 1);
}

/** The learning rate at a step, of `total`: it begins at `learningRate` and would reach 0 after the last step. */
function learningRateSchedule({ learningRate, learningRateDecay }: LearningRateConfig, total: number) {
  const shares = {
    none: () => 1,
    linear: (done: number) => 1 - done,
    cosine: (done: number) => (1 + Math.cos(Math.PI * done)) / 2,
  };
  const share = shares[learningRateDecay];
  return (step: number): number => learningRate * share(step / total);
}
