/** The trained models that come with the page: made by `npm run models`, packed with the page when it is built. */

import type { EpochRecord, Result } from "@softdraw/experiments/experiment";
import type { Values } from "./catalog.ts";

/** One of them, as the page finds it in `models/index.json` by its name. */
export interface ShippedModel {
  /** Of its experiment. */
  readonly experiment: string;
  /** In the folder `models`. */
  readonly file: string;
  readonly judged: Judged;
  /** Of its training, an epoch each. */
  readonly records: readonly EpochRecord[];
}

/** What `softdraw eval` says of a model, on so many examples that it never saw. */
export interface Judged {
  readonly results: readonly Result[];
  readonly examples: number;
}

/** In the metadata of their files: what they were made with, and what `models/index.json` says of them. */
export const FACTS = "facts";

export type ShippedModels = Readonly<Record<string, ShippedModel>>;

/** What is to be trained. */
export interface Wish {
  readonly experiment: string;
  /** Where the experiment is in its package. */
  readonly folder: string;
  /** What it is trained with, where that differs from the defaults: little, so that all are made in minutes. */
  readonly values: Values;
}

export const shipped = {
  vae: { experiment: "vae", folder: "categorical-vae", values: { epochs: 15, batch: 100 } },
  "jigsaw-2": { experiment: "jigsaw", folder: "jigsaw", values: { pieces: 2, epochs: 4 } },
  "jigsaw-3": { experiment: "jigsaw", folder: "jigsaw", values: { pieces: 3, epochs: 6 } },
  "explain-digits": { experiment: "explain digits", folder: "explain", values: {} },
  "explain-sequences": { experiment: "explain sequences", folder: "explain", values: {} },
  sort: { experiment: "sort", folder: "sorting", values: {} },
  graphs: {
    experiment: "graphs",
    folder: "graphs",
    // Soft draws at first: the decoder learns how particles move before the encoder is sure of who moves them.
    values: { simulations: 6000, epochs: 6, batch: 16, learningRate: 0.005, temperature: 3, schedule: "cosine" },
  },
} as const satisfies Readonly<Record<string, Wish>>;

export type ShippedName = keyof typeof shipped;
