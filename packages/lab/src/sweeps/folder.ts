/** `sweep.json` describes the sweep in its folder. Beside it are the outcomes, the trials, the winner and the report. */

import { join } from "node:path";
import { openAny, readWhole, writeAtomically } from "../runs/files.ts";
import { stored } from "../runs/stored.ts";
import { SweepDefinition } from "./sweep.ts";

const DEFINITION = "sweep.json";

export function writeSweep(folder: string, definition: SweepDefinition): Promise<void> {
  return writeAtomically(join(folder, DEFINITION), `${JSON.stringify(definition, null, 2)}\n`);
}

/** Throws, saying what is wrong, for a folder that is not a sweep's. */
export async function readSweep(folder: string): Promise<SweepDefinition> {
  const file = join(folder, DEFINITION);
  const bytes = await readWhole(file, openAny);
  if (bytes === undefined) throw new Error(`${folder} is not a sweep: it has no ${DEFINITION}`);
  return stored(bytes.toString(), SweepDefinition, file, `${file} does not describe a sweep`);
}
