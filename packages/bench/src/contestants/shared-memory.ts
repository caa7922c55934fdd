/** What data-parallel workers share: everyone's gradient, the parameters, and a barrier. */

import { LAYERS } from "./task.ts";

export interface SharedMemory {
  /** A gradient for every worker, float32. */
  readonly gradients: readonly SharedArrayBuffer[];
  readonly parameters: SharedArrayBuffer;
  readonly barrier: SharedArrayBuffer;
}

export interface WorkerData {
  readonly rank: number;
  readonly count: number;
  readonly memory: SharedMemory;
}

/** Weights and biases of all layers. */
const PARAMETERS = LAYERS.reduce((sum, [outputs, inputs]) => sum + outputs * (inputs + 1), 0);

const ARRIVED = 0;
const GENERATION = 1;

/** How long a worker looks before it sleeps: equal shares end nearly together, and waking takes tens of microseconds. */
const SPINS = 20_000;

export function shareMemory(count: number): SharedMemory {
  const floats = () => new SharedArrayBuffer(PARAMETERS * Float32Array.BYTES_PER_ELEMENT);
  return {
    gradients: Array.from({ length: count }, floats),
    parameters: floats(),
    barrier: new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** A function that returns once all `count` workers have called it. */
export function barrier(memory: SharedArrayBuffer, count: number): () => void {
  const state = new Int32Array(memory);
  return () => {
    const generation = Atomics.load(state, GENERATION);
    if (Atomics.add(state, ARRIVED, 1) === count - 1) {
      Atomics.store(state, ARRIVED, 0);
      Atomics.add(state, GENERATION, 1);
      Atomics.notify(state, GENERATION);
      return;
    }
    for (let spin = 0; spin < SPINS && Atomics.load(state, GENERATION) === generation; spin++);
    while (Atomics.load(state, GENERATION) === generation) Atomics.wait(state, GENERATION, generation);
  };
}
