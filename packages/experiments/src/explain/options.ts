/** The options that the tasks share, each with its own defaults. */

import { z } from "zod";
import { decays, seedOption, type TemperatureConfig, temperatureOptions } from "../training/configuration.ts";
import { type Sampler, samplers } from "./model.ts";

/** All tasks are one experiment; which one it is, is part of the configuration. */
export const NAME = "explain";

export const REFERENCES = [
  {
    text: "Chen, Song, Wainwright, Jordan: Learning to Explain: An Information-Theoretic Perspective on Model Interpretation, 2018",
    url: "https://arxiv.org/abs/1802.07814",
  },
];

export interface Defaults extends Pick<TemperatureConfig, "temperature" | "schedule" | "temperatureEnd"> {
  readonly k: number;
  readonly sampler: Sampler;
  readonly epochs: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly hidden: number;
}

/** @param features how many there are */
export function explainOptions(defaults: Defaults, features: number) {
  const { k, sampler, epochs, steps, batch, learningRate, hidden } = defaults;
  return {
    ...seedOption,
    k: z.int().min(1).max(features).default(k).describe("features that the classifier sees"),
    sampler: z.enum(samplers).default(sampler).describe("how they are drawn while training"),
    hard: z.boolean().default(false).describe("train on exact draws with the relaxed gradient"),
    epochs: z.int().min(1).default(epochs).describe("reports while the explainer trains"),
    steps: z.int().min(1).default(steps).describe("steps between two reports"),
    batch: z.int().min(1).default(batch).describe("examples a step"),
    ...temperatureOptions(defaults),
    learningRate: z
      .number()
      .positive()
      .default(learningRate)
      .describe("AdamW's step size, at the first step if it decays"),
    learningRateDecay: z.enum(decays).default("cosine").describe("whether it falls to 0 at the last step"),
    weightDecay: z.number().min(0).default(0.01).describe("AdamW's weight decay"),
    hidden: z.int().min(1).default(hidden).describe("units of the hidden layers"),
  };
}
