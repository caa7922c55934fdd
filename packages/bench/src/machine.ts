/** Where and when measurements were taken. */

import { availableParallelism, cpus, loadavg } from "node:os";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  /** ISO 8601. */
  readonly date: string;
  /** Programs that wanted a core, in the mean of the last minute. */
  readonly load: number;
}

/** Above this load a core, others take a share that shows. */
const QUIET = 0.5;

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? "unknown processor",
    cores: availableParallelism(),
    node: process.versions.node,
    date: new Date().toISOString(),
    load: loadavg()[0]!,
  };
}

/** A warning, if the machine has other things to do. */
export function busyWarning({ load, cores }: Machine): string | undefined {
  if (load <= QUIET * cores) return undefined;
  return `Warning: the load is ${load.toFixed(2)} on ${cores} cores. Trust the ratios at most, and those of several threads least.`;
}
