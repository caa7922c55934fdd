/** An experiment of one's own: the default export of a module, whose code runs when it is loaded. */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { experiments } from "@softdraw/experiments/all";
import type { Experiment, ModuleFile } from "@softdraw/experiments/experiment";
import { fieldsOf } from "@softdraw/experiments/fields";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { problemOf } from "@softdraw/experiments/problems";
import { z } from "zod";
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
  const problem = problemWith(exported.default);
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

// What it exports ------------------------------------------------------------------------------------------------------

const aFunction = z.custom<() => void>((value) => typeof value === "function", "Expected a function");
const objective = z.object({ key: z.string(), goal: z.enum(["smallest", "largest"]) });

/** What is asked of an experiment before any of its functions is called. */
const Parts = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/, "Expected lower-case letters, digits and hyphens"),
  title: z.string(),
  summary: z.string(),
  references: z.array(z.object({ text: z.string() })),
  schema: z.custom<z.ZodType>((value) => typeof Object(value).safeParse === "function", "Expected a schema of zod"),
  presets: z.record(z.string(), z.object({ description: z.string(), values: z.looseObject({}) })),
  columns: z
    .array(z.object({ key: z.string(), label: z.string(), description: z.string(), digits: z.int().min(0) }))
    .min(1),
  objectives: z.object({ discrete: objective, relaxed: objective }),
  check: aFunction,
  run: aFunction,
  results: aFunction,
  charts: aFunction,
  pictures: aFunction,
  evaluate: aFunction,
});

/** The types of values that an option can give. */
const OPTION_TYPES = ["string", "number", "integer", "boolean"];

function problemWith(exported: unknown): string | undefined {
  if (exported === undefined) {
    return "expected an experiment, made by defineExperiment, as the default export, got no default export.";
  }
  const { data: parts, error } = Parts.safeParse(exported);
  if (error) return `expected an experiment, made by defineExperiment: ${problemOf(error, exported)}.`;
  return problemWithName(parts.name) ?? problemWithOptions(parts.schema) ?? problemWithObjectives(parts);
}

function problemWithName(name: string): string | undefined {
  if (experiments.every((experiment) => experiment.name !== name)) return undefined;
  return `name: expected one that no experiment of Softdraw has, got "${name}".`;
}

/** Each of its fields becomes an option, and a training can begin without any of them. */
function problemWithOptions(schema: z.ZodType): string | undefined {
  let fields: Record<string, { type?: unknown }>;
  try {
    fields = fieldsOf({ schema });
  } catch (error) {
    return `schema: expected fields of numbers, words and switches: ${foreignText((error as Error).message)}`;
  }
  const absent = ["seed", "epochs"].find((name) => !(name in fields));
  if (absent !== undefined) return `schema: expected a field ${absent}, got ${Object.keys(fields).join(", ")}.`;
  const other = Object.entries(fields).find(([, { type }]) => !OPTION_TYPES.includes(type as string));
  if (other)
    return `schema: ${other[0]}: expected a number, a word or a switch, got ${other[1].type ?? "another type"}.`;
  const { error } = schema.safeParse({});
  return error && `schema: expected a default of every field: ${problemOf(error, {})}.`;
}

function problemWithObjectives({ columns, objectives }: z.infer<typeof Parts>): string | undefined {
  const keys = columns.map(({ key }) => key);
  const wrong = Object.values(objectives).find(({ key }) => !keys.includes(key));
  return wrong && `objectives: expected keys of its columns, ${keys.join(", ")}, got "${foreignText(wrong.key)}".`;
}
