/** What the calling thread and the threads of its kernels share: a request at a time, in whole numbers. */

/** Places in the shared memory. A request is counted once it is written, an answer once it is done. */
export const HEADER = {
  ...{ requests: 0, answers: 1, failed: 2 },
  ...{ kernel: 3, begin: 4, end: 5, pointerCount: 6, pointers: 7 },
} as const;

/** Arrays of one kernel, at most. */
export const MOST_POINTERS = 1024;

export type Kernel = (...pointersAndRange: number[]) => void;

export interface KernelModule {
  readonly id: number;
  readonly module: WebAssembly.Module;
}

export function kernelOf(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports.kernel as Kernel;
}

/** How often to look before sleeping: the shares of a kernel are equal, and to be woken takes longer than most of them. */
const LOOKS = 20_000;

/** Waits until a count is no longer `last`. */
export function awaitChange(header: Int32Array, place: number, last: number): void {
  for (let look = 0; look < LOOKS; look++) {
    if (Atomics.load(header, place) !== last) return;
  }
  while (Atomics.load(header, place) === last) Atomics.wait(header, place, last);
}
