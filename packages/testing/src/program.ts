/** The command line as a program of its own. */

import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const PACKAGES = path("../..");
const BUILT = path("../../../release/lab/dist/cli/softdraw.js");

/** Runs from the sources. */
export const SOURCE_PROGRAM = path("../../lab/bin/softdraw.js");

/**
 * What a test starts. As it is built the program begins in a third of the time that it takes from its sources, so that is what
 * is tested as long as no source is newer, as in `npm test`.
 */
export const PROGRAM = isCurrent() ? BUILT : SOURCE_PROGRAM;

function isCurrent(): boolean {
  try {
    const { mtimeMs: built } = statSync(BUILT);
    return ["softdraw", "threads", "experiments", "lab"].every(
      (name) => newestBelow(`${PACKAGES}/${name}/src`) < built,
    );
  } catch {
    return false;
  }
}

function newestBelow(folder: string): number {
  const times = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const at = `${folder}/${entry.name}`;
    return entry.isDirectory() ? newestBelow(at) : statSync(at).mtimeMs;
  });
  return Math.max(...times);
}
