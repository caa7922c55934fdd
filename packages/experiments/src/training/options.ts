/** Options that experiments share. */

import { z } from "zod";
import { isFold } from "../data/folds.ts";
import { datasetNames, isOwnData } from "../data/types.ts";
import "../expectations.ts";
import type { Scope } from "./scopes.ts";
import type { TemperatureConfig } from "./settings.ts";

/** A seed is a word of a key. */
export const LARGEST_SEED = 0xffffffff;

/** A step is compiled with every iteration written out: ten thousand of them take gigabytes before the first step. */
export const MOST_ITERATIONS = 1000;

export const seedOption = {
  seed: z.int().min(0).max(LARGEST_SEED).default(0).describe("of all randomness: the same seed gives the same bytes"),
};

/** One of the data sets, or one's own: the command line takes its path, and names it after its bytes. */
const dataName = z.string().check(({ value, issues }) => {
  if ((datasetNames as readonly string[]).includes(value) || isOwnData(value)) return;
  const message = `Expected one of ${datasetNames.join(", ")}, or a path with one's own data`;
  issues.push({ code: "invalid_value", values: [...datasetNames], input: value, message });
});

/** Of a picture of one's own, in pixels. */
const LARGEST_SIDE = 1024;

export const dataOptions = {
  data: dataName.default("digits").meta({
    description:
      "data set, or the path of one's own: a folder of pictures, a folder of IDX files, an .npy or .npz file",
    enum: datasetNames,
  }),
  dataDir: z.string().optional().describe("folder with the data set's four IDX files; default the cache or a download"),
  size: z
    .int()
    .min(1)
    .max(LARGEST_SIDE)
    .optional()
    .describe("of one's own data: make every picture a square of so many pixels a side, cut from its middle"),
  grey: z.boolean().optional().describe("of one's own data: turn the pictures grey"),
  testShare: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe("of one's own data without a test set: the share that is kept for tests, by a fixed key (default: 0.1)"),
  fold: z
    .string()
    .regex(/^\d+\/\d+$/, "Expected a part and the number of parts, such as 2/5")
    .refine(isFold, "Expected one of at least two parts, such as 2/5")
    .optional()
    .describe("leave this part out of the training images, and measure on it in place of the test images: 2/5"),
  ...seedOption,
};

export const scheduleNames = ["constant", "exponential", "linear", "cosine"] as const;

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
      .describe("where linear and cosine end, at the last step, be it above or below; exponential is never below it"),
    temperatureRate: z.number().min(0).default(1e-4).describe("decay a step of the exponential schedule"),
    temperatureHold: z.int().min(1).default(500).describe("steps between two updates of the exponential schedule"),
  };
}

/** Of what `temperatureOptions` gives. */
export const temperatureScopes: readonly Scope<keyof TemperatureConfig>[] = [
  { options: ["temperatureEnd"], by: "schedule", values: scheduleNames.filter((name) => name !== "constant") },
  { options: ["temperatureRate", "temperatureHold"], by: "schedule", values: ["exponential"] },
];

/** All of it, for what has no temperature. */
export const TEMPERATURE = [
  "temperature",
  "schedule",
  "temperatureEnd",
  "temperatureRate",
  "temperatureHold",
] as const satisfies readonly (keyof TemperatureConfig)[];

/** How a learning rate may fall over a training; `none` keeps it. */
export const decays = ["none", "linear", "cosine"] as const;

/** The options of a learning rate and its decay. `what` it is the step size of begins the description. */
export function learningRateOptions(what: string, learningRate: number, learningRateDecay: (typeof decays)[number]) {
  return {
    learningRate: z.number().positive().default(learningRate).describe(`${what}, at the first step if it decays`),
    learningRateDecay: z.enum(decays).default(learningRateDecay).describe("whether it falls to 0 at the last step"),
  };
}
