/**
 * Attention of each vector of a sequence to all of them, and the encoder layer around it.
 *
 * @module
 */

import { nn, numpy as np, random } from "@jax-js/jax";
import { type Dense, dense, initDense } from "./dense.ts";
import { splitKey } from "./keys.ts";
import { initLayerNorm, type LayerNorm, layerNorm } from "./layer-norm.ts";
import { shapeOf } from "./shapes.ts";

/** `input` makes queries, keys and values, `[3 width, width]`; `output` is `[width, width]`. */
export type Attention = { input: Dense; output: Dense };

/** Attention, then a perceptron with one hidden layer; each is added to what it is given, and a norm follows. */
export type EncoderLayer = {
  attention: Attention;
  attentionNorm: LayerNorm;
  hidden: Dense;
  output: Dense;
  outputNorm: LayerNorm;
};

/** What happens to activations while training, such as dropout; in evaluation, nothing. */
export type Regularize = (x: np.Array) => np.Array;

/**
 * As PyTorch's begins: weights of the input uniform within sqrt(6 / (4 width)) of 0 (Glorot, Bengio 2010), those of the
 * output within 1 / sqrt(width), biases 0.
 *
 * @param key PRNG key, consumed
 */
function initAttention(key: np.Array, width: number): Attention {
  const [inputKey, outputKey] = splitKey(key, 2);
  const layer = (key: np.Array, outputs: number, bound: number): Dense => ({
    weight: random.uniform(key, [outputs, width], { minval: -bound, maxval: bound }),
    bias: np.zeros([outputs]),
  });
  return {
    input: layer(inputKey, 3 * width, Math.sqrt(6 / (4 * width))),
    output: layer(outputKey, width, 1 / Math.sqrt(width)),
  };
}

/** @param key PRNG key, consumed */
export function initEncoderLayer(key: np.Array, width: number, hidden: number): EncoderLayer {
  const [attentionKey, hiddenKey, outputKey] = splitKey(key, 3);
  return {
    attention: initAttention(attentionKey, width),
    attentionNorm: initLayerNorm(width),
    hidden: initDense(hiddenKey, width, hidden, "fan-in"),
    output: initDense(outputKey, hidden, width, "fan-in"),
    outputNorm: initLayerNorm(width),
  };
}

/**
 * Each vector's mean of the values, weighted by how well its query fits their keys, along the sequence and in `heads` parts
 * of the width: `softmax(Q K^T / sqrt(width / heads)) V`. `[batch, length, width]` to the same. Consumes both arrays.
 *
 * Vaswani et al., "Attention Is All You Need", 2017.
 *
 * @param regularize of the weights
 */
export function multiHeadAttention(
  { input, output }: Attention,
  x: np.Array,
  heads: number,
  regularize: Regularize = same,
): np.Array {
  const [batch, length, width] = shapeOf(x, 3);
  const size = width / heads;
  const projected = dense(input, x.reshape([batch * length, width])).reshape([batch, length, 3, heads, size]);
  const [queries, keys, values] = np.unstack(np.transpose(projected, [2, 0, 3, 1, 4])) as [
    np.Array,
    np.Array,
    np.Array,
  ];
  const fit = np.matmul(queries.mul(1 / Math.sqrt(size)), np.transpose(keys, [0, 1, 3, 2]));
  const mixed = np.matmul(regularize(nn.softmax(fit, -1)), values);
  const joined = np.transpose(mixed, [0, 2, 1, 3]).reshape([batch * length, width]);
  return dense(output, joined).reshape([batch, length, width]);
}

/**
 * `y = norm(x + attention(x))`, then `norm(y + perceptron(y))`, with ReLU. `[batch, length, width]` to the same. Consumes
 * both arrays.
 *
 * @param regularize of the weights of attention, of what each part adds, and of the hidden layer, as in PyTorch
 */
export function encoderLayer(
  { attention, attentionNorm, hidden, output, outputNorm }: EncoderLayer,
  x: np.Array,
  heads: number,
  regularize: Regularize = same,
): np.Array {
  const mixed = regularize(multiHeadAttention(attention, x.ref, heads, regularize));
  const y = layerNorm(attentionNorm, x.add(mixed)).reshape([-1, x.shape.at(-1)!]);
  const added = regularize(dense(output, regularize(nn.relu(dense(hidden, y.ref)))));
  return layerNorm(outputNorm, y.add(added)).reshape(x.shape);
}

const same: Regularize = (x) => x;
