/** Options that experiments share, with what follows from them. */

import { schedules } from "softdraw";
import { z } from "zod";
import { isFold } from "../data/folds.ts";
import { datasetNames } from "../data/types.ts";
import "../expectations.ts";

/** A seed is a word of a key. */
export const LARGEST_SEED = 0xffffffff;

export const seedOption = {
  seed: z.int().min(0).max(LARGEST_SEED).default(0).describe("of all randomness: the same seed gives the same bytes"),
};

export const dataOptions = {
  data: z.enum(datasetNames).default("digits").describe("data set"),
  dataDir: z.string().optional().describe("folder with the data set's four IDX files; default the cache or a download"),
  fold: z
    .string()
    .regex(/^\d+\/\d+$/, "Expected a part and the number of parts, such as 2/5")
    .refine(isFold, "Expected one of at least two parts, such as 2/5")
    .optional()
    .describe("leave this part out of the training images, and measure on it in place of the test images: 2/5"),
  ...seedOption,
};

const scheduleNames = ["constant", "exponential", "linear", "cosine"] as const;

/** The options of a temperature and its schedule, with an experiment's own defaults. */
export function temperatureOptions(defaults: Pick<TemperatureConfig, "temperature" | "schedule" | "temperatureEnd">) {
  const temperature = z.number().positive();
  return {
    temperature: temperature
      .default(defaults.temperature)
      .describe("temperature, at the first step if there is a schedule"),
    schedule: z.enum(scheduleNames).default(defaults.schedule).describe("how the temperature changes with the step"),
    temperatureEnd: temperature
      .default(defaults.temperatureEnd)
      .describe("lowest temperature; linear and cosine reach it at the last step"),
    temperatureRate: z.number().min(0).default(1e-4).describe("decay a step of the exponential schedule"),
    temperatureHold: z.int().min(1).default(500).describe("steps between two updates of the exponential schedule"),
  };
}

export interface TemperatureConfig {
  readonly temperature: number;
  readonly schedule: (typeof scheduleNames)[number];
  readonly temperatureEnd: number;
  readonly temperatureRate: number;
  readonly temperatureHold: number;
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

/** How a learning rate may fall over a training; `none` keeps it. */
export const decays = ["none", "linear", "cosine"] as const;

export interface LearningRateConfig {
  readonly learningRate: number;
  readonly learningRateDecay: (typeof decays)[number];
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

/**
 * What is turned while training: the temperature and the learning rate at a step, of `total`.
 *
 * @param byHand the temperature in place of the schedule's, while it gives one
 */
export function dials(
  config: TemperatureConfig & LearningRateConfig,
  total: number,
  byHand: () => number | undefined = () => undefined,
) {
  const temperatureAt = temperatureSchedule(config, total);
  const learningRateAt = learningRateSchedule(config, total);
  return (step: number) => ({ temperature: byHand() ?? temperatureAt(step), learningRate: learningRateAt(step) });
}
