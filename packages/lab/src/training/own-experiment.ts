/** An experiment of one's own: the default export of a module, whose code runs when it is loaded. */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Experiment, ModuleFile } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { problemWithExperiment } from "@softdraw/experiments/own-experiment";
import { sha256 } from "../data/files.ts";
import { WrongCall } from "../errors.ts";
import { openAny, readWhole } from "../runs/files.ts";
import { shareEngine } from "./one-engine.js";

export type OwnExperiment = Experiment & { readonly module: ModuleFile };

/** Whether an argument names a module by its ending. */
export function isModule(word: string): boolean {
  return /\.[cm]?[jt]s$/.test(word);
}

/**
 * The experiment that a module exports.
 *
 * @throws WrongCall in one line, for a path where there is no module, one that cannot be imported, and one that exports something
 * else than an experiment
 */
export async function loadExperiment(given: string): Promise<OwnExperiment> {
  const path = resolve(given);
  const refuse = (problem: string): never => {
    throw new WrongCall(`${foreignText(given)}: ${problem}`);
  };
  const text = await readWhole(path, openAny).catch((error: Error) => refuse(`cannot be read: ${error.message}`));
  if (text === undefined) return refuse("expected a module with an experiment, got no such file.");
  const module = { path, checksum: sha256(text) };
  const exported = await importModule(path).catch((error) => refuse(importFailure(error)));
  const problem = problemWithExperiment(exported.default);
  if (problem !== undefined) return refuse(problem);
  return { ...(exported.default as Experiment), module };
}

/**
 * The experiment of a module that has been loaded before, as it is now.
 *
 * @param before the module as it was, and the name of its experiment
 * @throws WrongCall as `loadExperiment`, and where the module has another experiment now
 */
export async function reloadExperiment(before: { module: ModuleFile; experiment: string }): Promise<OwnExperiment> {
  const { module, experiment } = before;
  const loaded = await loadExperiment(module.path);
  if (loaded.name === experiment) return loaded;
  throw new WrongCall(`${module.path}: expected the experiment "${foreignText(experiment)}", got "${loaded.name}".`);
}

/** How the text of a module differs from what it was, in a sentence; undefined where it does not. */
export function describeChange(before: ModuleFile, { path, checksum }: ModuleFile): string | undefined {
  if (checksum === before.checksum) return undefined;
  const [was, is] = [before.checksum, checksum].map((sum) => sum.slice(0, 8));
  return `${foreignText(path)} has changed: its SHA-256 began with ${was}, and begins with ${is} now`;
}

async function importModule(path: string): Promise<{ default?: unknown }> {
  shareEngine();
  const waiting = forever();
  return Promise.race([import(pathToFileURL(path).href), waiting.seen]).finally(waiting.end);
}

/** Is told when nothing is left to be done: then a module that is not loaded waits for what never comes, and Node.js would end. */
function forever() {
  let end = () => {};
  const seen = new Promise<never>((_, reject) => {
    const tell = () => reject(new Error("it awaits something at its top level that never comes"));
    process.once("beforeExit", tell);
    end = () => process.off("beforeExit", tell);
  });
  return { seen, end };
}

/** TypeScript is read by Node itself from this version on. */
const READS_TYPESCRIPT = "22.18";

function importFailure(error: unknown): string {
  const { code, message = String(error) } = Object(error) as { code?: unknown; message?: string };
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
    return (
      `expected JavaScript, got TypeScript, which Node.js reads from ${READS_TYPESCRIPT} on, and this is ` +
      `${process.versions.node}. Compile it, or take a newer Node.js.`
    );
  }
  return `cannot be imported: ${foreignText(message, LONGEST_MESSAGE)}`;
}

/** Characters of what a module says when it fails. */
const LONGEST_MESSAGE = 500;
