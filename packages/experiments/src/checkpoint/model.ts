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
export function withModel<Model extends Parameters, Result>(
  checkpoint: Checkpoint,
  use: (model: Model) => Promise<Result>,
): Promise<Result> {
  return withArrays(modelOf<Model>(checkpoint), use);
}

/** Lends arrays for as long as they are used, and frees them then, also where that fails. */
export async function withArrays<Arrays extends Parameters, Result>(
  arrays: Arrays,
  use: (arrays: Arrays) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(arrays);
  } finally {
    tree.dispose(arrays);
  }
}
