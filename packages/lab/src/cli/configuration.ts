/** An experiment's configuration from the command line: defaults, then a preset, then a file, then the options. */

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { datasetNames, isOwnData, isSameData } from "@softdraw/experiments/data/types";
import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { type Field, fieldsOf } from "@softdraw/experiments/fields";
import { foreignText, foreignValue } from "@softdraw/experiments/foreign-text";
import { parseJson } from "@softdraw/experiments/json";
import { type Command, Option } from "commander";
import type { z } from "zod";
import { nameOfFolder } from "../data/idx-folder.ts";
import { otherData } from "../data/names.ts";
import { nameOfData } from "../data/own-data.ts";
import { WrongCall } from "../errors.ts";
import { kebab } from "../training/command.ts";
import { readUpTo } from "./files.ts";
import { oneOf } from "./parsers.ts";
import { didYouMean } from "./suggestions.ts";

/** Adds an option for every field of the experiment's configuration, and those that give many at once. */
export function addConfigurationOptions(command: Command, experiment: Experiment): void {
  const presets = Object.entries(experiment.presets).map(([name, { description }]) => `${name} (${description})`);
  const names = Object.keys(experiment.presets);
  if (names.length > 0) {
    const option = new Option("--preset <name>", `start from ${presets.join(" or ")}`);
    command.addOption(option.choices(names).argParser(oneOf(names)));
  }
  command.option("--config <file>", "read options from a JSON file, such as a run's config.json");
  for (const [name, field] of Object.entries(fieldsOf(experiment))) {
    for (const option of optionsFor(name, field)) command.addOption(option);
  }
}

/**
 * The configuration that the options ask for.
 *
 * @throws WrongCall naming the option or the key of the file, what was expected and what came
 */
export async function readConfiguration(
  experiment: Experiment,
  given: Readonly<Record<string, unknown>>,
): Promise<BaseConfig> {
  const fields = fieldsOf(experiment);
  const preset = typeof given.preset === "string" ? experiment.presets[given.preset]!.values : {};
  const file = typeof given.config === "string" ? await readConfigFile(given.config, Object.keys(fields)) : {};
  const options = Object.fromEntries(Object.entries(given).filter(([name]) => name in fields));
  // Each by itself: a path in the options has nothing to do with the folder in a file.
  const values: Record<string, unknown> = {
    ...preset,
    ...(await withNamedData(file)),
    ...(await withNamedData(options)),
  };
  const parsed = experiment.schema.safeParse(values);
  if (!parsed.success) {
    const placeOf = (name: string) => (name in options ? `--${kebab(name)}` : `${given.config}: ${name}`);
    const lines = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `${placeOf(name)}: ${describeIssue(issue, values[name])}`;
    });
    throw new WrongCall(lines.join("\n"));
  }
  return withDataFolder(parsed.data);
}

/**
 * A run keeps the whole path of its data, so that it can be resumed from anywhere; and the name of what is there, which may
 * be one's own data in the form of a data set.
 */
async function withDataFolder(config: BaseConfig): Promise<BaseConfig> {
  const { data, dataDir } = config;
  if (data === undefined) return config;
  checkShaping(config);
  if (dataDir === undefined) {
    if (!isOwnData(data)) return config;
    throw new WrongCall(`--data: "${data}" is the data of a folder. Add that folder, with --data-dir.`);
  }
  if (data === "digits") {
    throw new WrongCall(
      '--data-dir: the data set "digits" is embedded and reads no folder. Add --data mnist or --data fashion-mnist.',
    );
  }
  const folder = resolve(dataDir);
  const actual = await (isOwnData(data) ? nameOfData : nameOfFolder)(folder);
  if (isSameData(data, actual)) return { ...config, dataDir: folder };
  if (isOwnData(actual) && !isOwnData(data)) return { ...config, data: actual, dataDir: folder };
  throw new WrongCall(`--data: ${otherData(data, folder, actual)}`);
}

/**
 * The path of one's own data in place of the name of a data set is split into what the data is called and where it is. A name
 * counts before a path: `./mnist` is one in any case.
 *
 * @throws WrongCall for a path where there is no data
 */
async function withNamedData(values: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { data, dataDir } = values;
  if (typeof data !== "string" || (datasetNames as readonly string[]).includes(data)) return values;
  if (dataDir !== undefined && isOwnData(data)) return values;
  const isThere = await stat(data).then(
    () => true,
    () => false,
  );
  // What is neither there nor written as a path was meant to be a name.
  if (!isThere && !/[/\\]|\.np[yz]$/.test(data)) return values;
  if (dataDir !== undefined) {
    throw new WrongCall(`--data-dir: ${foreignText(data)} is a path already. Leave --data-dir out.`);
  }
  const named = await nameOfData(resolve(data)).catch((error: Error) => {
    throw error instanceof WrongCall ? new WrongCall(`--data: ${error.message}`) : error;
  });
  return { ...values, data: named, dataDir: data };
}

/** What is made of one's own pictures is not made of a data set, whose results compare because everybody has the same. */
function checkShaping({ data, size, grey, testShare }: BaseConfig): void {
  if (data === undefined || isOwnData(data)) return;
  const given = Object.entries({ size, grey, testShare }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new WrongCall(`--${kebab(given[0])}: is of one's own data (--data PATH), and "${data}" is used as it is.`);
}

/** A switch also has its negation, because a preset or a file may have set it. */
function optionsFor(name: string, field: Field): Option[] {
  const flag = kebab(name);
  const description = `${field.description}${field.default === undefined ? "" : ` (default: ${field.default})`}`;
  if (field.type === "boolean") {
    return [new Option(`--${flag}`, description), new Option(`--no-${flag}`).hideHelp()];
  }
  const placeholder = field.enum ? "name" : field.type !== "string" ? "number" : field.pattern ? "part" : "path";
  const option = new Option(`--${flag} <${placeholder}>`, description);
  // What does not fit stays text, and the schema says so together with whatever else is wrong.
  if (field.enum) option.choices(field.enum).argParser((text) => text);
  else if (field.type !== "string") option.argParser((text) => (text.trim() === "" ? text : numberOr(text)));
  return [option];
}

function numberOr(text: string): number | string {
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}

/** In bytes: an option takes less than a hundred, and what is no file, such as a device, may have no end. */
const LONGEST_CONFIGURATION = 2 ** 20;

async function readConfigFile(file: string, known: readonly string[]): Promise<Record<string, unknown>> {
  const bytes = await readUpTo(file, LONGEST_CONFIGURATION).catch((error: Error) => {
    throw new WrongCall(`--config: ${error.message}`);
  });
  const text = bytes.toString();
  const object = parseObject(text, file);
  // A run's own config.json holds the options below other facts of the run.
  const content = "experiment" in object && isObject(object.config) ? object.config : object;
  const unknown = Object.keys(content).filter((key) => !known.includes(key));
  if (unknown.length === 0) return content;
  const lines = unknown.map((key) => `${file}: unknown option "${foreignText(key)}".${didYouMean(key, known)}`);
  throw new WrongCall(lines.join("\n"));
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    throw new WrongCall(
      `${file}: expected JSON, got ${foreignValue(text)} (${foreignText((error as Error).message)}).`,
    );
  }
  if (isObject(content)) return content;
  throw new WrongCall(`${file}: expected a JSON object of options, got ${foreignText(text)}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What was expected of a value, what came, and the nearest name if one is near. */
export function describeIssue(issue: z.core.$ZodIssue, value: unknown): string {
  const suggestion = issue.code === "invalid_value" ? didYouMean(String(value), issue.values.map(String)) : "";
  // JSON has no infinity.
  return `${issue.message}, got ${typeof value === "number" ? value : foreignValue(value)}.${suggestion}`;
}
