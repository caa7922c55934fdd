/** The trained models that come with the page: made by `npm run models`, packed with the page when it is built. */

import type { Values } from "./catalog.ts";

/** One of them, as the page finds it in `models/index.json` by the name of its experiment. */
export interface ShippedModel {
  /** In the folder `models`. */
  readonly file: string;
  readonly judged: Judged;
}

/** What `softdraw eval` says first of a model, on so many examples that it never saw. */
export interface Judged {
  readonly value: number;
  readonly examples: number;
}

export type ShippedModels = Readonly<Record<string, ShippedModel>>;

/** What they are trained with, where it differs from the defaults: little, so that they are made in minutes. */
export const shippedValues = {
  // Soft draws at first: the decoder learns how particles move before the encoder is sure of who moves them.
  graphs: { simulations: 6000, epochs: 6, batch: 16, learningRate: 0.005, temperature: 3, schedule: "cosine" },
} as const satisfies Readonly<Record<string, Values>>;
