/** `--set NAME=VALUES`: what a sweep varies, from the command line. */

import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { type Field, fieldsOf } from "@softdraw/experiments/fields";
import { WrongCall } from "../errors.ts";
import { distributions, type Parameter, TOGETHER, type Value } from "../sweeps/parameters.ts";
import { kebab } from "../training/command.ts";
import { describeIssue } from "./configuration.ts";
import { didYouMean } from "./suggestions.ts";

/** The options that a sweep cannot vary, each with the reason. */
const NOT_VARIED: Readonly<Record<string, string>> = {
  seed: "Every combination is trained with each of --seeds",
  fold: "Every combination is trained with each of --folds",
  data: "Results on several data sets do not compare",
  dataDir: "Results on several data sets do not compare",
  size: "Results on other pictures do not compare",
  grey: "Results on other pictures do not compare",
  testShare: "Results on other test sets do not compare",
  task: "Results of several tasks do not compare",
};

/**
 * The parameter that `name=0.3,0.5,1`, `name=log-uniform(0.1, 2)` or, for options that are varied together,
 * `name/other=0.3/true,0.5/false` asks for.
 *
 * @param config what is not varied
 * @throws WrongCall naming the setting, what was expected and what came
 */
export function parseSetting(text: string, experiment: Experiment, config: BaseConfig): Parameter {
  const [, given, right] = /^\s*([\w/-]+)\s*=\s*(.+?)\s*$/s.exec(text) ?? [];
  if (given === undefined || right === undefined) {
    throw new WrongCall(`--set: expected name=values such as temperature=0.3,0.5,1, got "${text}".`);
  }
  const fields = fieldsOf(experiment);
  const names = given.split(TOGETHER).map((each) => nameOf(each, experiment, fields));
  if (names.length > 1) return parseTogether(names, right, fields, experiment, config);
  const name = names[0]!;
  const parameter = /^[\w-]+\(/.test(right)
    ? parseDistribution(name, right, fields[name]!)
    : { name, values: parseList(name, right, fields[name]!) };
  for (const value of "values" in parameter ? parameter.values : [parameter.from, parameter.to]) {
    checkValue(name, value, experiment, config);
  }
  return parameter;
}

/** The name of an option that can be varied. */
function nameOf(given: string, experiment: Experiment, fields: Readonly<Record<string, Field>>): string {
  const name = Object.keys(fields).find((field) => field === given || kebab(field) === given);
  if (name === undefined) {
    const names = Object.keys(fields).map(kebab);
    throw new WrongCall(`--set: ${experiment.name} has no option "${given}".${didYouMean(given, names)}`);
  }
  const reason = NOT_VARIED[name];
  if (reason !== undefined) throw new WrongCall(`--set: ${kebab(name)} cannot be varied. ${reason}.`);
  return name;
}

/** Options that are varied together: a value of each, joined as their names are. */
function parseTogether(
  names: readonly string[],
  text: string,
  fields: Readonly<Record<string, Field>>,
  experiment: Experiment,
  config: BaseConfig,
): Parameter {
  const name = names.join(TOGETHER);
  const values = text.split(",").map((part) => part.split(TOGETHER).map((value) => value.trim()));
  for (const parts of values) {
    if (parts.length !== names.length) {
      throw new WrongCall(
        `--set ${kebab(name)}: expected ${names.length} values joined by ${TOGETHER}, got "${parts.join(TOGETHER)}".`,
      );
    }
    for (const [i, own] of names.entries()) checkValue(own, parseValue(parts[i]!, fields[own]!), experiment, config);
  }
  const joined = values.map((parts) => parts.join(TOGETHER));
  checkTwice(name, joined);
  return { name, values: joined };
}

function parseDistribution(name: string, text: string, field: Field): Parameter {
  const [, kind, inside] = /^([\w-]+)\((.*?)\)?$/s.exec(text)!;
  const distribution = distributions.find((known) => known === kind);
  const where = `--set ${kebab(name)}`;
  if (distribution === undefined) {
    const known = `${distributions.map((name) => `${name}(from, to)`).join(", ")}`;
    throw new WrongCall(`${where}: expected values or ${known}, got ${text}.${didYouMean(kind!, distributions)}`);
  }
  const [from, to, ...rest] = inside!.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (from === undefined || to === undefined || rest.length > 0 || !(from < to) || !Number.isFinite(to - from)) {
    throw new WrongCall(`${where}: expected ${distribution}(from, to) with from below to, got ${text}.`);
  }
  const whole = distribution.endsWith("integers");
  if (whole && !(Number.isInteger(from) && Number.isInteger(to))) {
    throw new WrongCall(`${where}: ${distribution} is between two whole numbers, got ${text}.`);
  }
  if (distribution.startsWith("log-") && from <= 0) {
    throw new WrongCall(`${where}: ${distribution} begins above 0, got ${text}.`);
  }
  if (field.type !== "number" && field.type !== "integer") {
    throw new WrongCall(
      `${where}: only numbers can be drawn from ${distribution}, expected values separated by commas.`,
    );
  }
  if (field.type === "integer" && !whole) {
    const fitting = distribution === "uniform" ? "integers" : "log-integers";
    throw new WrongCall(`${where}: takes whole numbers, expected ${fitting}(${inside}), got ${text}.`);
  }
  return { name, distribution, from, to };
}

function parseList(name: string, text: string, field: Field): Value[] {
  const values = text.split(",").map((part) => parseValue(part.trim(), field));
  checkTwice(name, values);
  return values;
}

function checkTwice(name: string, values: readonly Value[]): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw new WrongCall(`--set ${kebab(name)}: ${twice} is there twice.`);
}

/** What does not fit stays text, and the schema says so. */
function parseValue(text: string, { type }: Field): Value {
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type === "string" || text === "" || Number.isNaN(Number(text))) return text;
  return Number(text);
}

function checkValue(name: string, value: Value, { schema }: Experiment, config: BaseConfig): void {
  const { error } = schema.safeParse({ ...config, [name]: value });
  if (error === undefined) return;
  const issue = error.issues.find(({ path }) => path[0] === name) ?? error.issues[0]!;
  throw new WrongCall(`--set ${kebab(name)}: ${describeIssue(issue, value)}`);
}
