/** What the tasks have in common before anything is trained: the experiment's name, its paper and most of its options. */

import { z } from "zod";
import { learningRateOptions, seedOption, temperatureOptions } from "../training/options.ts";
import { samplers } from "./samplers.ts";

/** All tasks are one experiment; which one it is, is part of the configuration. */
export const NAME = "explain";

export const REFERENCES = [
  {
    text: "Chen, Song, Wainwright, Jordan: Learning to Explain: An Information-Theoretic Perspective on Model Interpretation, 2018",
    url: "https://arxiv.org/abs/1802.07814",
  },
];

/** The defaults in which the tasks differ. */
interface Defaults {
  readonly k: number;
  readonly epochs: number;
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
}

/** @param features how many there are to choose from */
export function sharedOptions(features: number, { k, epochs, steps, batch, hidden }: Defaults) {
  return {
    ...seedOption,
    k: z
      .int()
      .min(1)
      .max(features - 1)
      .default(k)
      .describe("features that the classifier sees, fewer than there are"),
    sampler: z.enum(samplers).default("threshold").describe("how they are drawn while training"),
    hard: z.boolean().default(false).describe("train on exact draws with the relaxed gradient"),
    epochs: z.int().min(1).default(epochs).describe("reports while the explainer trains"),
    steps: z.int().min(1).default(steps).describe("steps between two reports"),
    batch: z.int().min(1).default(batch).describe("examples a step"),
    ...temperatureOptions({ temperature: 0.1, schedule: "constant", temperatureEnd: 0.1 }),
    ...learningRateOptions("AdamW's step size", 2e-3, "cosine"),
    weightDecay: z.number().min(0).default(0.01).describe("AdamW's weight decay"),
    hidden: z.int().min(1).default(hidden).describe("units of the hidden layers"),
  };
}
