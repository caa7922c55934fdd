/** Whom a training tells how it goes. The command line's reporters are in `cli/output.ts`. */

import type { EpochRecord, Result, TrainingEvent } from "@softdraw/experiments/experiment";

export interface Reporter {
  /** A line for people; records for machines have their own calls. */
  say(line: string): void;
  /** One JSON record, only with `--json`. */
  record(type: string, content: object): void;
  step(event: TrainingEvent): void;
  epoch(record: EpochRecord): void;
  results(results: readonly Result[]): void;
  /** The share of something long that is done, an evaluation by default. */
  progress(done: number, total: number, what?: string): void;
  /** Takes the bar away, before an error is printed or the program ends. */
  close(): void;
}

/** Says nothing. */
export const silentReporter: Reporter = {
  say() {},
  record() {},
  step() {},
  epoch() {},
  results() {},
  progress() {},
  close() {},
};
