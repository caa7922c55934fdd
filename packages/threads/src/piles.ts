/**
 * Loops that pile up kernels. The engine computes nothing until something is read, and hands all kernels that wait from one call
 * of a jitted function to the next: so every step of a loop that never awaits takes longer than the one before.
 *
 * What waits is seen when it is computed, which is one kernel after the other, without a turn of the event loop between. It is of
 * many steps if nearly every kernel comes as often as another, or a few times as often: once or a few times a step. The iterations
 * inside of one step repeat a few kernels only, each another number of times; or they are many steps of a recurrence, and then the
 * step goes on behind them, while a loop ends with its last step.
 *
 * Upstream: nothing says how many kernels wait, and nothing keeps them from piling up.
 */

import type { Kernel } from "./placement.js";

/** Fewer steps that wait take little longer than they would by themselves. */
const STEPS = 64;

/** A step has at least so many different kernels: those that iterate inside of one are fewer. */
const KERNELS = 9;

/** A kernel comes as many times a step, or more often, as one of iterations does. */
const TIMES = 4;

/** The share of kernels that come so; of the others that come often there may be a few. */
const SHARE = 0.8;

/** Behind the last step of a loop there are fewer calls than this, of what looks at its result. */
const BEHIND = 9;

/** How far a count may be from a whole number of times: what comes before the loop, and what reads the result, may add one. */
const TOLERANCE = 2;

/** Sees every call of the kernels that it is given. */
export interface PileWatch {
  /**
   * The same kernel, with its calls seen.
   *
   * @param identity what all calls of a kernel share, where it is called in several ways
   */
  watched(kernel: Kernel, identity?: object): Kernel;
}

/** @param onPile is told once, at the end of the first pile, how many steps waited, about */
export function watchPiles(onPile: (steps: number) => void = warn): PileWatch {
  const calls = new Map<object, Calls>();
  const outputs = new Set<number>();
  let isTold = false;

  function endRun(): void {
    const steps = stepsIn([...calls.values()]);
    calls.clear();
    outputs.clear();
    if (steps === undefined || isTold) return;
    isTold = true;
    onPile(steps);
  }

  function note(kernel: object, output: number): void {
    // All that waits has a place of its own for its output. Where one is written again, something has been read before.
    if (outputs.has(output)) endRun();
    if (outputs.size === 0) queueMicrotask(endRun);
    outputs.add(output);
    calls.set(kernel, { count: (calls.get(kernel)?.count ?? 0) + 1, last: outputs.size });
  }

  return {
    watched: (kernel, identity = kernel) => {
      return (...args) => {
        if (!isTold) note(identity, args.at(-3)!);
        return kernel(...args);
      };
    },
  };
}

/** How often a kernel was called in a run, and as which of all calls it was last. */
interface Calls {
  readonly count: number;
  readonly last: number;
}

/** How many steps a run of kernels is of, at least, by how often each of them came; undefined if it is not of many. */
function stepsIn(calls: readonly Calls[]): number | undefined {
  const frequent = calls.filter(({ count }) => count >= STEPS);
  const steps = Math.min(...frequent.map(({ count }) => count));
  const regular = frequent.filter(({ count }) => isTimes(count, steps));
  if (regular.length < KERNELS || regular.length < SHARE * frequent.length) return undefined;
  const end = Math.max(...calls.map(({ last }) => last));
  return end - Math.max(...regular.map(({ last }) => last)) < BEHIND ? steps : undefined;
}

function isTimes(count: number, steps: number): boolean {
  const times = Math.round(count / steps);
  return times <= TIMES && Math.abs(count - times * steps) <= times * TOLERANCE;
}

function warn(steps: number): void {
  console.warn(
    `@softdraw/threads: the kernels of ${steps} steps or more had piled up before any of them was computed, and each step took ` +
      "longer than the one before. Await what a step returns before the next one: `await blockUntilReady(state)`, with " +
      "blockUntilReady from @jax-js/jax.",
  );
}
