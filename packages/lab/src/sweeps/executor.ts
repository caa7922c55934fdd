/** Where assignments are trained: in processes of this machine, or wherever a queue reaches. */

import type { EpochRecord } from "@softdraw/experiments/experiment";
import type { Assignment } from "./sweep.ts";

/** The executor can train no trial at all any more. The sweep ends with this error, and can be resumed. */
export class Unavailable extends Error {}

export interface Executor {
  /** Assignments that it takes at a time; it does not ask for more than it can keep. */
  readonly capacity: number;
  /**
   * Trains an assignment. When it resolves, the run folder below the sweep's has all that was measured, and the state.
   *
   * @throws Interrupted when it was stopped, with its state saved; Unavailable when the executor cannot go on; Error when
   * it failed, a second time too
   */
  run(assignment: Assignment, onEpoch: (record: EpochRecord) => void): Promise<void>;
  /** Asks all that is being trained to save its state and end. */
  stop(): void;
  close(): Promise<void>;
}
