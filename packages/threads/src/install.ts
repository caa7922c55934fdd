/** What Node and pages have in common of the public functions. */

import { type Helper, installCrew } from "./crew.ts";
import { watchImport } from "./engine-import.ts";
import { newWatch } from "./fallback.ts";
import { areReplaced, replaceInstances } from "./instances.ts";
import { checkOptions } from "./options.ts";

/** What can be set beside the number of threads. */
export interface ThreadOptions {
  /**
   * Is told, at most once, why the engine was left to compute in its own way. Without it, that is a warning on the
   * console.
   */
  readonly onFallback?: ((reason: string) => void) | undefined;
}

/** How the engine computes in this program. */
export interface ThreadStatus {
  /** Threads that share a kernel. 1 where there are none, and where `fallback` says why. */
  readonly threads: number;
  /** Why the engine was left to its own way, or why its kernels fail; undefined if neither is so. */
  readonly fallback: string | undefined;
}

let status: () => ThreadStatus = () => ({ threads: 1, fallback: undefined });

/**
 * How the engine computes in this program at the moment. What is seen of the engine, when it is imported and at its
 * first kernels, can still make the package step back.
 */
export function threadStatus(): ThreadStatus {
  return status();
}

/**
 * Has the engine use one instance of each kernel in place of a new one for every call, and call it from a good place of
 * the stack: what `installThreads` does, without threads. To be called once, before the engine is imported for the
 * first time.
 *
 * @param options `onFallback`, which is told why instances are not kept if the engine is not as expected
 * @throws TypeError if there is no such option, or `onFallback` is no function
 * @throws Error if threads or instances have been installed before
 */
export function keepInstances(options: ThreadOptions = {}): void {
  checkOptions("keepInstances(options)", options, ["onFallback"]);
  checkFirst("keepInstances");
  const watch = newWatch(options.onFallback);
  replaceInstances(watch, watchImport());
  status = () => ({ threads: 1, fallback: watch.reason });
}

/** Has the engine compute with the calling thread and helpers. After `checkFirst`. */
export function installHelpers(helpers: readonly Helper[], options: ThreadOptions, onUnshared?: () => void): void {
  const watch = newWatch(options.onFallback);
  installCrew(helpers, watch, onUnshared);
  status = () => ({ threads: watch.reason === undefined ? 1 + helpers.length : 1, fallback: watch.reason });
}

/**
 * What `installThreads` does where there can be no threads, which is told as a reason to step back is. After
 * `checkFirst`.
 */
export function installWithout(reason: string, options: ThreadOptions): void {
  // Whatever else differs is no news after that.
  replaceInstances(
    newWatch(() => {}),
    watchImport(),
  );
  newWatch(options.onFallback).stepBack(reason);
  status = () => ({ threads: 1, fallback: reason });
}

const MOST_THREADS = 64;

/** @throws RangeError if it is no number of threads */
export function checkCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MOST_THREADS) return;
  throw new RangeError(`installThreads(count): expected a whole number from 1 to ${MOST_THREADS}, got ${count}.`);
}

/** @throws Error if threads or instances have been installed before */
export function checkFirst(name: string): void {
  if (!areReplaced()) return;
  throw new Error(`${name}(): threads or instances have been installed before, and a program can do that only once.`);
}
