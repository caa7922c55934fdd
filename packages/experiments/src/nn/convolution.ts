/**
 * Convolution and pooling that can train on wasm, where the engine's own takes seconds a step.
 *
 * Images are `[height, width, batch, channels]`: rows first, so that the rows under one row of a kernel are one
 * stretch of memory. A convolution is then one matrix product for each row of the kernel, on windows along the width.
 *
 * Upstream: the gradients of `lax.conv` are computed number by number, in seconds where products take a fifth of one.
 *
 * @module
 */

import { nn, numpy as np } from "@jax-js/jax";
import { type Initialization, initLayer, multipleOfFour } from "./dense.ts";
import { alongRows, product } from "./parts.ts";
import { shapeOf } from "./shapes.ts";

/** `weight` is `[kernel height, outputs, kernel width * channels]`, `bias` `[outputs]`. */
export type Convolution = { weight: np.Array; bias: np.Array };

/** @param key PRNG key, consumed */
export function initConvolution(
  key: np.Array,
  { size, channels, outputs }: { size: number; channels: number; outputs: number },
  initialization: Initialization,
): Convolution {
  return initLayer(key, [size, outputs, size * channels], size * size * channels, outputs, initialization);
}

/**
 * Convolution without padding, 2x2 max pooling and ReLU: `[height, width, batch, channels]` to
 * `[height', width', batch, outputs]` with `height' = (height - kernel height + 1) / 2`. Consumes everything.
 *
 * The channels must be a multiple of 4, or the engine multiplies number by number.
 */
export function pooledConvolution({ weight, bias }: Convolution, images: np.Array): np.Array {
  // The maximum passes a constant on, so bias and ReLU are left for the quarter that it leaves.
  return materialize(nn.relu(plusBias(maxPool(convolve(weight, images)), bias)));
}

/**
 * The same for a first layer, on the patches that `gatherPatches` makes of the images, `[4, height', width', batch,
 * padded patch]`: nothing is unfolded on the device, and the maximum is taken over the leading axis.
 */
export function pooledPatchConvolution({ weight, bias }: Convolution, patches: np.Array): np.Array {
  const [positions, height, width, batch, padded] = shapeOf(patches, 5);
  const [size, outputs, row] = shapeOf(weight, 3);
  const flat = np.pad(np.transpose(weight, [1, 0, 2]).reshape([outputs, size * row]), [
    [0, 0],
    [0, padded - size * row],
  ]);
  // Four products, not one, of which slices would be taken.
  // Upstream: the gradient of a slice is padded with zeros, number by number.
  const products = Array.from({ length: positions }, (_, position) =>
    product(patches.ref.slice(position).reshape([height * width * batch, padded]), flat.ref),
  );
  patches.dispose();
  flat.dispose();
  return materialize(nn.relu(plusBias(largest(products).reshape([height, width, batch, outputs]), bias)));
}

/** Numbers a patch takes: the engine multiplies fast when this is a multiple of 4. */
export function paddedPatchSize(size: number, channels = 1): number {
  return multipleOfFour(size * size * channels);
}

/** Images `[height, width, batch, channels]` as one row each, `[batch, height * width * channels]`. */
export function flatten(images: np.Array): np.Array {
  const [height, width, batch, channels] = shapeOf(images, 4);
  return materialize(np.transpose(images, [2, 0, 1, 3]).reshape([batch, height * width * channels]));
}

/** `x + bias`, `[..., channels]` and `[channels]`. */
function plusBias(x: np.Array, bias: np.Array): np.Array {
  return alongRows(x, [bias], (each, [plus]) => each.add(plus!));
}

function convolve(weight: np.Array, images: np.Array): np.Array {
  const [height, width, batch, channels] = shapeOf(images, 4);
  const [size, outputs, row] = shapeOf(weight, 3);
  const [rows, columns] = [height - size + 1, width - row / channels + 1];
  const windows = widthWindows(images, row / channels);
  const products = Array.from({ length: size }, (_, i) =>
    product(windows.ref.slice([i, i + rows]).reshape([rows * columns * batch, row]), weight.ref.slice(i)),
  );
  windows.dispose();
  weight.dispose();
  return products.reduce((sum, part) => sum.add(part)).reshape([rows, columns, batch, outputs]);
}

/**
 * The `size` neighbours along the width beside each other: `[height, width - size + 1, batch, size * channels]`.
 *
 * Written as a view of the repeated image (`j (width + 1) + w` modulo the width is `j + w`), which the engine copies
 * ten times faster than it concatenates slices.
 *
 * Upstream: a concatenation of n parts asks for every number, in a chain of n questions, which part it is of.
 */
function widthWindows(images: np.Array, size: number): np.Array {
  const [height, width, batch, channels] = shapeOf(images, 4);
  const repeats = Math.ceil((size * (width + 1)) / width);
  const columns = width - size + 1;
  const repeated = np
    .broadcastTo(images.reshape([height, 1, width, batch, channels]), [height, repeats, width, batch, channels])
    .reshape([height, repeats * width, batch, channels]);
  const windows = repeated
    .slice([], [0, size * (width + 1)])
    .reshape([height, size, width + 1, batch, channels])
    .slice([], [], [0, columns]);
  return np.transpose(windows, [0, 2, 3, 1, 4]).reshape([height, columns, batch, size * channels]);
}

/**
 * The largest of each 2x2 square, by the maximum of four slices.
 *
 * Upstream: a maximum over two axes compares one number at a time, and so takes several times as long.
 */
function maxPool(images: np.Array): np.Array {
  const [height, width, batch, channels] = shapeOf(images, 4);
  const squares = images.reshape([height / 2, 2, width / 2, 2, batch, channels]);
  const corner = (row: number, column: number) => squares.ref.slice([], row, [], column);
  const pooled = largest([corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1)]);
  squares.dispose();
  return pooled;
}

/** In pairs, so that the gradient of each passes two comparisons and not up to three. */
function largest(parts: np.Array[]): np.Array {
  const [a, b, c, d] = parts as [np.Array, np.Array, np.Array, np.Array];
  return np.maximum(np.maximum(a, b), np.maximum(c, d));
}

/**
 * The same array, written to memory once, inside `jit` and in the gradient, too. Otherwise the engine may put the operations
 * that make it into every kernel that reads it, and do them again for every number that such a kernel reads. It never does
 * that with a reduction. So this is the mean of the array and a copy of it, which is the array to the last bit (its numbers
 * have to be below 1.7e38).
 *
 * Upstream: `jit` fuses what is cheap into all of its readers, matrix products included, however often each reads it.
 */
export function materialize(x: np.Array): np.Array {
  return np.mean(np.broadcastTo(x.reshape([1, ...x.shape]), [2, ...x.shape]), 0);
}

/**
 * The same for a derivative that is taken inside of another one: a dot product with a single 1.
 *
 * Upstream: under `jit` the derivative by a parameter of a mean of copies is wrong, without an error, where the mean has been
 * differentiated by something else inside of what is differentiated.
 */
export function materializeTwice(x: np.Array): np.Array {
  return np.vecdot(x.reshape([...x.shape, 1]), np.ones([1]));
}
