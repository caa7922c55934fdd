// @ts-check
/**
 * Calls of the engine's kernels from a good place of the stack.
 *
 * A kernel has more numbers at hand than the processor has registers, and keeps the others on the stack. Where one of
 * them lies across the border of two pages of memory, every access to it takes a hundred cycles, and the kernel up to
 * four times as long. That depends on how deep the stack is, which JavaScript cannot see. On a program's first thread
 * it is random, and about one program in ten is slow for as long as it runs. But what is slow here can be called from
 * some frames further down.
 *
 * Upstream: kernels of matrix products have more numbers at hand than fit into registers, and WebAssembly does not say
 * where on the stack the others go.
 *
 * Plain JavaScript, because threads start it without a loader.
 */

/** @typedef {(...pointersAndRange: number[]) => void} Kernel */

/** Some 100 bytes each: together more than a kernel keeps on the stack, and less than a page. */
const FRAMES = 12;

/** Calls from either place before one is chosen. The very first call, which compiles, is not one of them. */
const TRIALS = 3;

/** A kernel that takes less in its last trial is not timed any further. */
const BRIEF_MS = 0.02;

/**
 * A call is slow if it takes so many times the shortest; after so many slow ones in turn, both places are tried again.
 */
const SLOW = 1.3;
const PATIENCE = 8;

/**
 * The kernel of one of the engine's modules, well placed.
 *
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Memory} memory
 */
export function placedKernel(module, memory) {
  const { kernel } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  return wellPlaced(/** @type {Kernel} */ (kernel));
}

/**
 * The same kernel, called from whichever of two places it is faster at.
 *
 * @param {Kernel} kernel takes the range of its outputs last
 * @param {() => number} [now] a clock, in milliseconds
 * @returns {Kernel}
 */
export function wellPlaced(kernel, now = () => performance.now()) {
  const here = { call: kernel, msAnOutput: Number.POSITIVE_INFINITY };
  const below = { call: callFrom(FRAMES, kernel), msAnOutput: Number.POSITIVE_INFINITY };
  let [place, calls, slow, isSettled] = [here, 0, 0, false];

  return (...args) => {
    if (isSettled) return place.call(...args);
    const isTrial = calls <= 2 * TRIALS;
    if (isTrial) place = calls % 2 === 0 ? here : below;
    const started = now();
    place.call(...args);
    const ms = now() - started;
    const [begin, end] = /** @type {[number, number]} */ (args.slice(-2));
    const msAnOutput = ms / (end - begin);
    slow = msAnOutput > SLOW * place.msAnOutput ? slow + 1 : 0;
    if (calls > 0) place.msAnOutput = Math.min(place.msAnOutput, msAnOutput);
    calls++;
    if (calls === 2 * TRIALS + 1) {
      place = below.msAnOutput < here.msAnOutput ? below : here;
      isSettled = ms < BRIEF_MS;
    } else if (!isTrial && slow === PATIENCE) {
      here.msAnOutput = below.msAnOutput = Number.POSITIVE_INFINITY;
      [calls, slow] = [1, 0];
    }
  };
}

/** @param {number} frames @param {Kernel} kernel @returns {Kernel} */
function callFrom(frames, kernel) {
  /** @param {number} left @param {number[]} args */
  const descend = (left, args) => {
    if (left > 0) descend(left - 1, args);
    else kernel(...args);
  };
  return (...args) => descend(frames, args);
}
