/**
 * Embeddings: a learned vector for each of a few words.
 *
 * @module
 */

import { lax, nn, type numpy as np, random } from "@jax-js/jax";
import { shapeOf } from "./shapes.ts";

/** `[words, width]`: a row a word. */
export type Embedding = np.Array;

/**
 * Normal entries, as PyTorch's embedding begins.
 *
 * @param key PRNG key, consumed
 */
export function initEmbedding(key: np.Array, words: number, width: number): Embedding {
  return random.normal(key, [words, width]);
}

/**
 * The rows of the words, int32 `[...]` from 0 to words - 1, to `[..., width]`. Consumes both.
 *
 * A product with one-hot rows, so that the gradient is a product too.
 *
 * Upstream: the gradient of a lookup is scattered number by number.
 */
export function embed(table: Embedding, words: np.Array): np.Array {
  const [count, width] = shapeOf(table, 2);
  const rows = nn.oneHot(words.ref.reshape([-1]), count);
  const shape = [...words.shape, width];
  words.dispose();
  return lax.dot(rows, table, { lhsContractingDims: [1], rhsContractingDims: [0] }).reshape(shape);
}
