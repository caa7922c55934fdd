/** `sweep.json` describes the sweep in its folder. Beside it are the outcomes, the trials, the winner and the report. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { foreignValue } from "@softdraw/experiments/foreign-text";
import { parseJson } from "@softdraw/experiments/json";
import { problemOf } from "@softdraw/experiments/problems";
import { unlessMissing, writeAtomically } from "../runs/files.ts";
import { SweepDefinition } from "./sweep.ts";

const DEFINITION = "sweep.json";

export function writeSweep(folder: string, definition: SweepDefinition): Promise<void> {
  return writeAtomically(join(folder, DEFINITION), `${JSON.stringify(definition, null, 2)}\n`);
}

/** Throws, saying what is wrong, for a folder that is not a sweep's. */
export async function readSweep(folder: string): Promise<SweepDefinition> {
  const file = join(folder, DEFINITION);
  const text = await unlessMissing(readFile(file, "utf8"));
  if (text === undefined) throw new Error(`${folder} is not a sweep: it has no ${DEFINITION}`);
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    throw new Error(`${file}: expected JSON, got ${foreignValue(text)}`, { cause: error });
  }
  const { data, error } = SweepDefinition.safeParse(content);
  if (error) throw new Error(`${file} does not describe a sweep: ${problemOf(error, content)}`);
  return data;
}
