/** Shuffled batches, straight from the bytes of a data set. */

import { numpy as np, random } from "@jax-js/jax";
import { bytesAnImage, type Dataset } from "./types.ts";

/**
 * Where a batch is put together before the engine takes it: `np.array` copies a typed array before it returns, on
 * every device, so the next batch may overwrite it.
 */
let scratch = new Float32Array(0);

/**
 * A uniformly random order of 0 to count - 1: the same for the same key on every device.
 *
 * @param key PRNG key, consumed
 * @param count number of rows, at least 1
 * @throws RangeError for another count
 */
export async function shuffledOrder(key: np.Array, count: number): Promise<Uint32Array> {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`shuffledOrder: count must be a positive integer, got ${count}.`);
  }
  return shuffledOrders(key, 1, count);
}

/**
 * Uniformly random orders of 0 to size - 1, `[count, size]`, each by Fisher and Yates' shuffle. (A place is drawn as
 * `floor(size * bits / 2^32)`, uniform to within size / 2^32.)
 *
 * Upstream: an array that the engine's own pool of workers computes cannot be read synchronously; so this is asynchronous.
 *
 * @param key PRNG key, consumed
 */
export async function shuffledOrders(key: np.Array, count: number, size: number): Promise<Uint32Array> {
  const bits = await random.bits(key, [count * size]).data();
  const orders = Uint32Array.from({ length: count * size }, (_, i) => i % size);
  for (let first = 0; first < orders.length; first += size) {
    for (let last = size - 1; last > 0; last--) {
      const drawn = first + Math.floor((bits[first + last]! / 2 ** 32) * (last + 1));
      const taken = orders[drawn]!;
      orders[drawn] = orders[first + last]!;
      orders[first + last] = taken;
    }
  }
  return orders;
}

/**
 * The images of rows `order[start]` to `order[start + size - 1]`, byte / 255.
 *
 * @param order rows of the data set, as `shuffledOrder` gives them
 * @returns float32 `[size, height * width * channels]` in [0, 1]
 * @throws RangeError when the batch reaches beyond the order, or the order beyond the data set
 */
export function gatherImages(dataset: Dataset, order: Uint32Array, start: number, size: number): np.Array {
  checkBatch("gatherImages", dataset, order, start, size);
  const pixels = bytesAnImage(dataset);
  const batch = scratchOf(size * pixels);
  for (let row = 0; row < size; row++)
    copyRow(batch, row * pixels, dataset.images, order[start + row]! * pixels, pixels);
  return np.array(batch, { shape: [size, pixels] });
}

/** The first `count` images in their own order, `size` at a time, as `gatherImages` gives them. */
export function* imageBlocks(
  dataset: Dataset,
  count: number,
  size: number,
): Generator<{ start: number; images: np.Array }> {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let start = 0; start < count; start += size) {
    yield { start, images: gatherImages(dataset, order, start, Math.min(size, count - start)) };
  }
}

/**
 * The labels of the same rows.
 *
 * @returns int32 `[size]`
 * @throws RangeError as `gatherImages`
 */
export function gatherLabels(dataset: Dataset, order: Uint32Array, start: number, size: number): np.Array {
  checkBatch("gatherLabels", dataset, order, start, size);
  const rows = order.subarray(start, start + size);
  return np.array(Int32Array.from(rows, (row) => dataset.labels[row]!));
}

function copyRow(batch: Float32Array, to: number, images: Uint8Array, from: number, pixels: number): void {
  for (let i = 0; i < pixels; i++) batch[to + i] = images[from + i]! / 255;
}

function scratchOf(length: number): Float32Array<ArrayBuffer> {
  if (scratch.length < length) scratch = new Float32Array(length);
  return scratch.subarray(0, length);
}

function checkBatch(where: string, dataset: Dataset, order: Uint32Array, start: number, size: number): void {
  if (!Number.isInteger(start) || !Number.isInteger(size) || start < 0 || size < 1 || start + size > order.length) {
    throw new RangeError(
      `${where}: expected at least one row within an order of ${order.length}, got start ${start}, size ${size}.`,
    );
  }
  for (let i = start; i < start + size; i++) {
    if (order[i]! < dataset.count) continue;
    throw new RangeError(`${where}: ${dataset.name} has ${dataset.count} rows, order[${i}] is ${order[i]}.`);
  }
}
