/**
 * The two networks of neural relational inference: encoder.ts tells from paths who acts on whom, a decoder moves particles
 * by that.
 */

import type { numpy as np } from "@jax-js/jax";
import { decodeByMlp, initMlpDecoder, type MlpDecoder, type Prediction } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import {
  decodeByStates,
  decodeJointly,
  initJointDecoder,
  initRecurrentDecoder,
  type JointDecoder,
  type RecurrentDecoder,
} from "./recurrent.ts";
import type { System } from "./systems.ts";

export type Model = { encoder?: Encoder; decoder: Decoder };

export const decoders = ["mlp", "recurrent", "lstm"] as const;

export interface ModelConfig {
  readonly system: System;
  readonly particles: number;
  readonly decoder: (typeof decoders)[number];
  readonly hidden: number;
  readonly normalization: boolean;
}

export type Decoder = MlpDecoder | RecurrentDecoder | JointDecoder;

/** @param key PRNG key, consumed */
export function initDecoder(key: np.Array, config: ModelConfig): Decoder {
  const init = { mlp: initMlpDecoder, recurrent: initRecurrentDecoder, lstm: initJointDecoder }[config.decoder];
  return init(key, config);
}

/** @returns for each step what is of the shape of the starts, without the last start where nothing more is predicted from it */
export function decode(decoder: Decoder, config: ModelConfig, prediction: Prediction): np.Array[] {
  if ("update" in decoder) return decodeByMlp(decoder, config, prediction);
  if ("reset" in decoder) return decodeByStates(decoder, config, prediction);
  return decodeJointly(decoder, config, prediction);
}
