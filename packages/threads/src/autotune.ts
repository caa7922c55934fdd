/** Whether a kernel is done by the calling thread alone or by all threads together: whichever is found to be faster. */

import type { Kernel } from "./placement.js";

/** A kernel that takes longer is done by all threads together. */
const LONG_MS = 0.05;

/** A kernel that takes less is done by the calling thread alone, because handing it to the others takes that long. */
const BRIEF_MS = 0.006;

/**
 * Any other kernel is timed in both ways in turns, so many times in each, and then done in the faster way. Which one
 * that is cannot be known beforehand: handing a kernel to other threads takes as long as computing a small one, and
 * longer while those threads sleep.
 */
const TRIALS = 5;

/**
 * All threads together have to take no more than this share of the time of one. The rest is for what follows: a thread
 * that reads the outputs has to fetch those that others wrote.
 */
const WORTH = 0.9;

/** Calls until both ways are tried again: the machine may have been busy, the other threads awake or asleep. */
const TRIED_FOR = 2000;

/**
 * A kernel that is called in the faster of two ways, which calls of it are timed to find. It has been called before.
 */
export function autotuned(alone: Kernel, together: Kernel): Kernel {
  let [calls, isLong, isAlone] = [0, false, true];
  const times: { readonly alone: number[]; readonly together: number[] } = { alone: [], together: [] };

  function callInTurn(trial: number, args: readonly number[]): void {
    if (trial % 2 === 0) times.alone[trial >> 1] = timeOf(alone, args);
    else times.together[trial >> 1] = timeOf(together, args);
    if (trial === 2 * TRIALS - 1) chooseWay();
  }

  function chooseWay(): void {
    const limit = WORTH * median(times.alone);
    isAlone = limit < BRIEF_MS || limit < median(times.together);
  }

  return (...args) => {
    if (isLong) return together(...args);
    const call = calls++;
    if (call === 0) {
      isLong = timeOf(alone, args) > LONG_MS;
      return;
    }
    const trial = (call - 1) % TRIED_FOR;
    if (trial < 2 * TRIALS) callInTurn(trial, args);
    else if (isAlone) alone(...args);
    else together(...args);
  };
}

function timeOf(kernel: Kernel, args: readonly number[]): number {
  const started = performance.now();
  kernel(...args);
  return performance.now() - started;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}
