/**
 * A data-parallel worker with an engine of its own. It takes the gradient of its share of the batch, averages its share of the
 * parameters' gradients over all workers, moves that share by Adam, and takes over the others' shares.
 */

import { parentPort, workerData } from "node:worker_threads";
import { jit, numpy as np, valueAndGrad } from "@jax-js/jax";
import { streamKey } from "@softdraw/experiments/nn/keys";
import { initParameters, loss, type Parameters } from "./bare-model.ts";
import { barrier, type WorkerData } from "./shared-memory.ts";
import { BATCH, digitBatches, LEARNING_RATE, PIXELS } from "./task.ts";

const { rank, count, memory } = workerData as WorkerData;
const gradients = memory.gradients.map((buffer) => new Float32Array(buffer));
const parameters = new Float32Array(memory.parameters);
const everyoneIsHere = barrier(memory.barrier, count);

const images = BATCH / count;
const nextImages = await digitBatches(images, { stride: count, first: rank });
const gradient = jit(valueAndGrad(loss));
const initial = initParameters();
const shapes = initial.map(({ shape }) => shape);
const moveShare = shardedAdam();

write(initial, parameters);
parentPort!.on("message", (amount: number) => {
  let last = Number.NaN;
  for (let i = 0; i < amount; i++) last = step();
  parentPort!.postMessage(last);
});

let steps = 0;

/** Returns the loss of this worker's images. */
function step(): number {
  const batch = np.array(nextImages(), { shape: [images, PIXELS] });
  const [value, gradientOfShare] = gradient(read(), batch, streamKey(steps * count + rank, 0));
  write(gradientOfShare, gradients[rank]!);
  everyoneIsHere();
  moveShare(++steps);
  everyoneIsHere();
  return value.dataSync()[0]!;
}

/** Consumes the arrays. */
function write(arrays: Parameters, to: Float32Array): void {
  let offset = 0;
  for (const array of arrays) {
    const { size } = array;
    to.set(array.dataSync() as Float32Array, offset);
    offset += size;
  }
}

/** The shared parameters on the engine. */
function read(): Parameters {
  let offset = 0;
  return shapes.map((shape) => {
    const start = offset;
    offset += shape.reduce((a, b) => a * b, 1);
    // The engine copies the numbers, which it can from shared memory too.
    const values = parameters.subarray(start, offset) as Float32Array as Float32Array<ArrayBuffer>;
    return np.array(values, { shape });
  });
}

/** Adam on every `count`th part of the parameters, in place. */
function shardedAdam() {
  const from = Math.floor((rank * parameters.length) / count);
  const to = Math.floor(((rank + 1) * parameters.length) / count);
  const mean = new Float32Array(to - from);
  const square = new Float32Array(to - from);
  const [average, ...others] = gradients.map((gradient) => gradient.subarray(from, to)) as [
    Float32Array,
    ...Float32Array[],
  ];
  const share = parameters.subarray(from, to);
  return (step: number) => {
    for (const other of others) for (let i = 0; i < other.length; i++) average[i]! += other[i]!;
    const root = Math.sqrt(1 - 0.999 ** step);
    const rate = (LEARNING_RATE * root) / (1 - 0.9 ** step);
    for (let i = 0; i < share.length; i++) {
      const g = average[i]! / count;
      mean[i] = 0.9 * mean[i]! + 0.1 * g;
      square[i] = 0.999 * square[i]! + 0.001 * g * g;
      share[i]! -= (rate * mean[i]!) / (Math.sqrt(square[i]!) + 1e-8 * root);
    }
  };
}
