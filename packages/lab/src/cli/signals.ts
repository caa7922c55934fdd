/** Ctrl-C, a terminal that is closed, and whoever else asks a command to end. */

import { closeSync } from "node:fs";
import type { Reporter } from "../training/reporter.ts";
import { EXIT } from "./exit-codes.ts";

/** The signals that ask for an end: Ctrl-C, that of `kill` and of a system that shuts down, that of a terminal that is gone. */
export const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Aborted by the first signal; the second ends the program at once. */
export function stopOnSignal(reporter: Pick<Reporter, "say">): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    reporter.say("Stopping after this step. Once more stops at once.");
    controller.abort();
  };
  for (const signal of ENDING) process.on(signal, onSignal);
  process.once("SIGHUP", () => process.once("exit", leaveTerminal));
  return controller.signal;
}

/**
 * Upstream: Node puts the terminal's settings back when it ends, and aborts where that is gone; but it passes over what is
 * closed.
 */
function leaveTerminal(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      closeSync(descriptor);
    } catch {
      // It was closed before.
    }
  }
}
