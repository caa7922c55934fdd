/** The model in a checkpoint. Of what shape it is, its experiment has to know. */

import { tree } from "@jax-js/jax";
import type { Parameters } from "../nn/adam.ts";
import { arraysOf } from "../nn/tensors.ts";
import type { Checkpoint } from "./safetensors.ts";

/** A checkpoint's model, which the caller owns. */
export function modelOf<Model extends Parameters>({ tensors }: Checkpoint): Model {
  return arraysOf<Model>(tensors, "model");
}

/** Lends a checkpoint's model, for as long as it is used. */
export async function withModel<Model extends Parameters, Result>(
  checkpoint: Checkpoint,
  use: (model: Model) => Promise<Result>,
): Promise<Result> {
  const model = modelOf<Model>(checkpoint);
  try {
    return await use(model);
  } finally {
    tree.dispose(model);
  }
}
