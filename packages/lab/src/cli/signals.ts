/** Ctrl-C, and whoever else asks a command to end. */

import type { Reporter } from "../training/reporter.ts";
import { EXIT } from "./exit-codes.ts";

/** Aborted by the first Ctrl-C (or SIGTERM); the second ends the program at once. */
export function stopOnSignal(reporter: Pick<Reporter, "say">): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    reporter.say("Stopping after this step. Once more stops at once.");
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}
