/**
 * What this package does rests on how one version of the engine works inside. So everything that is seen of the engine
 * is compared with that, and at the first thing that differs the package steps back: the engine works as it would
 * without it.
 */

/** The version whose insides this package knows. */
const KNOWN_VERSION = "0.1.25";

/** Whether the engine has been as expected so far. */
export interface Watch {
  /** What differed; undefined while nothing has. */
  readonly reason: string | undefined;
  /** Leaves the engine to itself from now on, and says why, once. */
  stepBack(reason: string): void;
  /** Notes why the engine's kernels fail. It is not said, because the error that they fail with says it. */
  noteFailure(reason: string): void;
}

/** @param onFallback is told the first reason, and no other; without it, the reason is a warning on the console */
export function newWatch(onFallback: (reason: string) => void = warn): Watch {
  let first: string | undefined;
  return {
    get reason() {
      return first;
    },
    stepBack(reason) {
      if (first !== undefined) return;
      first = reason;
      onFallback(reason);
    },
    noteFailure(reason) {
      first ??= reason;
    },
  };
}

function warn(reason: string): void {
  console.warn(
    `@softdraw/threads steps back, and the engine computes in its own way: ${reason}. Results are right, and may take ` +
      `longer. (The package knows @jax-js/jax ${KNOWN_VERSION}.)`,
  );
}
