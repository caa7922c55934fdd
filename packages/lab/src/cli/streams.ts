/** Standard output and standard error, where they cannot be written: to a full disk, or for a reader that is gone. */

import { writeFailure } from "../runs/files.ts";
import { EXIT } from "./exit-codes.ts";

/**
 * Watches both for failures, of which there may be many, and lets the command go on: what it computes is not lost with what
 * it says. What was lost is said once on standard error. A reader that has seen enough, such as `head`, ends the command
 * quietly.
 *
 * @returns whether anything was lost, once all that was written has got where it goes
 */
export function watchOutput({ stdout, stderr }: Pick<NodeJS.Process, "stdout" | "stderr">): () => Promise<boolean> {
  let isLost = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.readerGone);
    if (isLost) return;
    isLost = true;
    console.error(`${writeFailure("standard output", error).message}. The command goes on without it.`);
  });
  // There is nobody left to tell.
  stderr.on("error", () => {});
  return async () => {
    // An error comes after the write that it is of.
    await new Promise((resolve) => stdout.write("", resolve));
    await new Promise((resolve) => setImmediate(resolve));
    return isLost;
  };
}
