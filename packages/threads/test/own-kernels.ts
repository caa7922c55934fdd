/** Has the engine compute with kernels of ours. To be imported before the engine. */

import { piecesOf } from "../src/crew.ts";
import { watchImport } from "../src/engine-import.ts";
import { newWatch } from "../src/fallback.ts";
import { replaceInstances } from "../src/instances.ts";
import { kernelFacts } from "../src/modules.ts";

let threads = 1;

/** Has kernels of ours be computed in pieces from now on, as so many threads would. */
export function cutFor(count: number): void {
  threads = count;
}

/** Whether each kernel that has been called is one of ours. */
export const areOurs: boolean[] = [];

const watch = newWatch((reason) => {
  throw new Error(reason);
});

replaceInstances(watch, watchImport(), (kernel, { module, args }) => {
  const { unit, isOpen = false } = kernelFacts(module)!;
  areOurs.push(isOpen);
  return (...now) => {
    const bounds = isOpen ? piecesOf(args.at(-1)!, unit, threads, true) : [0, now.at(-1)!];
    for (let i = 0; i + 1 < bounds.length; i++) kernel(...now.slice(0, -2), bounds[i]!, bounds[i + 1]!);
  };
});
