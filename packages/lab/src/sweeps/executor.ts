/** Where assignments are trained: in processes of this machine, or wherever a queue reaches. */

import type { EpochRecord } from "@softdraw/experiments/experiment";
import type { Assignment } from "./sweep.ts";

/** An executor cannot go on, whatever the trial: the sweep ends with this, and can be resumed. */
export class Unavailable extends Error {}

export interface Executor {
  /** Assignments that it takes at a time; it does not ask for more than it can keep. */
  readonly capacity: number;
  /**
   * Trains an assignment. Then its run folder, below the sweep's, has all that it measured and its state.
   *
   * @throws Interrupted when it was stopped, with its state saved; Unavailable when the executor cannot go on; Error when
   * it failed, a second time too
   */
  run(assignment: Assignment, onEpoch: (record: EpochRecord) => void): Promise<void>;
  /** Asks all that is being trained to save its state and end. */
  stop(): void;
  close(): Promise<void>;
}
