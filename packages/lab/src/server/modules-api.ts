/** The experiments of one's own that the page trains: the modules that `softdraw studio` was given, as they are at the moment. */

import { createHash } from "node:crypto";
import { openAny, readWhole } from "../runs/files.ts";
import { type Answer, jsonAnswer } from "./answers.ts";

/** What the page reads at `experiments.json`; without a server of them, there are none. */
export type ServedModules = readonly ServedModule[];

/** A module, with the SHA-256 of its text; or why there is none. */
export type ServedModule =
  | { readonly path: string; readonly checksum: string; readonly text: string }
  | { readonly path: string; readonly problem: string };

/** @param paths whole ones */
export async function answerAboutModules(paths: readonly string[]): Promise<Answer> {
  return jsonAnswer(await Promise.all(paths.map(readModule)));
}

async function readModule(path: string): Promise<ServedModule> {
  try {
    const bytes = await readWhole(path, openAny);
    if (bytes === undefined) return { path, problem: "there is no such file any more." };
    const checksum = createHash("sha256").update(bytes).digest("hex");
    return { path, checksum, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    return { path, problem: `cannot be read: ${(error as Error).message}` };
  }
}
