/** A queue for work of which only so much is done at the same time. */

export interface Lanes {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves once nothing is left. */
  idle(): Promise<void>;
}

/** Does what it is given in order, at most `count` at a time. */
export function lanes(count: number): Lanes {
  const waiting: (() => void)[] = [];
  const working = new Set<Promise<unknown>>();
  let free = count;
  const whenFree = async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
  return {
    run(work) {
      const done = whenFree(work);
      const settled = done.catch(() => {}).finally(() => working.delete(settled));
      working.add(settled);
      return done;
    },
    async idle() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}
