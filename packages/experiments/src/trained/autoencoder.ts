/** A trained autoencoder. */

import { random, tree } from "@jax-js/jax";
import { latentOf } from "../categorical-vae/latent.ts";
import { likelihoodOf } from "../categorical-vae/likelihood.ts";
import { decode, encode, initModel, type Model, schema } from "../categorical-vae/method.ts";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { configOf, kernelOf, modelIn, type Parts, rowsOf } from "./parts.ts";

/** Of `softdraw train vae`. */
export interface TrainedAutoencoder extends Parts<"vae"> {
  /** The shape of a code: its variables, and what each of them is. */
  readonly code: readonly number[];
  /** Images `[count, pixels]`, from 0 to 1, to the logits of their codes, `[count, ...code]`. */
  encode(images: Float32Array): Promise<Float32Array>;
  /** Codes, choices as they are drawn, `[count, ...code]`, to images: how probable ink is in each pixel, or its mean, `[count, pixels]`. */
  decode(codes: Float32Array): Promise<Float32Array>;
}

export function loadAutoencoder(checkpoint: Checkpoint, file: string): TrainedAutoencoder {
  const config = configOf(schema, checkpoint, file);
  const pixels = checkpoint.tensors["model.encoder.0.weight"]?.shape[1] ?? 0;
  const code = [config.variables, ...latentOf(config).event];
  const model = modelIn(checkpoint, "model", () => initModel(random.key(0), config, pixels));
  const encoded = kernelOf(model, ({ encoder, decoder }: Model, x) => {
    tree.dispose(decoder);
    return encode(encoder, x, config);
  });
  const decoded = kernelOf(model, ({ encoder, decoder }: Model, x) => {
    tree.dispose(encoder);
    return likelihoodOf(config).middle(decode(decoder, x, config));
  });
  return {
    experiment: "vae",
    code,
    encode: async (images) => encoded(rowsOf("encode: images", images, [pixels])),
    decode: async (codes) => decoded(rowsOf("decode: codes", codes, code)),
    dispose: () => tree.dispose(model),
  };
}
