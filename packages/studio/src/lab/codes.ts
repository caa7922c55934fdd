/** What the page does with a trained autoencoder: digits to codes, and codes to digits. */

import { numpy as np } from "@jax-js/jax";
import { describeCheckpoint } from "@softdraw/experiments/checkpoint/described";
import type { BaseConfig, Trained } from "@softdraw/experiments/experiment";
import { partsOf, type TrainedAutoencoder } from "@softdraw/experiments/trained";
import { drawCode } from "../pages/codes/draw-code.ts";

export interface CodeQuestion {
  /** Bytes of the digit whose code is drawn; of none, every class is as likely as any other. */
  readonly image: Uint8Array | undefined;
  readonly seed: number;
  readonly temperature: number;
}

/** A code, row by row. */
export interface DrawnCode {
  readonly choices: number;
  readonly classes: number;
  readonly exact: Float32Array;
  readonly relaxed: Float32Array;
  /** How probable ink is in each pixel, by each of the two codes. */
  readonly fromExact: Float32Array;
  readonly fromRelaxed: Float32Array;
}

let known: { readonly model: Trained<BaseConfig>; readonly parts: TrainedAutoencoder } | undefined;

/** Compiled once a model. */
function partsOfModel(model: Trained<BaseConfig>): TrainedAutoencoder {
  if (known?.model === model) return known.parts;
  known?.parts.dispose();
  known = undefined;
  const parts = partsOf(describeCheckpoint(model.checkpoint, model.config), "The model");
  if (parts.experiment !== "vae") throw new Error(`Expected a model of vae, got one of ${parts.experiment}.`);
  known = { model, parts };
  return parts;
}

export async function drawCodeOf(
  model: Trained<BaseConfig>,
  { image, seed, temperature }: CodeQuestion,
): Promise<DrawnCode> {
  const { code, encode, decode } = partsOfModel(model);
  const [choices, classes] = code as [number, number];
  const logits = image
    ? await encode(Float32Array.from(image, (byte) => byte / 255))
    : new Float32Array(choices * classes);
  const drawn = drawCode(
    seed,
    np.array(logits as Float32Array<ArrayBuffer>, { shape: [choices, classes] }),
    temperature,
  );
  const [exact, relaxed] = (await Promise.all([drawn.exact.data(), drawn.relaxed.data()])) as [
    Float32Array,
    Float32Array,
  ];
  return { choices, classes, exact, relaxed, fromExact: await decode(exact), fromRelaxed: await decode(relaxed) };
}

/** A code that was chosen by hand, decoded. */
export function decodeCode(model: Trained<BaseConfig>, code: Float32Array): Promise<Float32Array> {
  return partsOfModel(model).decode(code);
}
