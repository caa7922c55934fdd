/** What a sweep varies: values from a list, or drawn from a distribution. */

import { random } from "@jax-js/jax";
import { streamKey } from "@softdraw/experiments/nn/keys";
import { z } from "zod";
import { kebab } from "../training/command.ts";

const Value = z.union([z.string(), z.number(), z.boolean()]);

/** The value of an option. */
export type Value = z.infer<typeof Value>;

/** Values of options, by name. */
export type Values = Readonly<Record<string, Value>>;

export const distributions = ["uniform", "log-uniform", "integers", "log-integers"] as const;

/**
 * An option that is varied, or several together, with a value of each: their names are joined by `/`, and so are values,
 * as `relaxed/0.5` of `estimator/temperature`, a text. Distributions include both ends; the logarithm of a `log-`
 * one is uniform.
 */
export const Parameter = z.union([
  z.strictObject({ name: z.string(), values: z.array(Value).min(1) }),
  z.strictObject({ name: z.string(), distribution: z.enum(distributions), from: z.number(), to: z.number() }),
]);

export type Parameter = Readonly<z.infer<typeof Parameter>>;

export function isList(parameter: Parameter): parameter is Extract<Parameter, { values: unknown }> {
  return "values" in parameter;
}

/** Every combination of the listed values: the last parameter changes first. */
export function grid(parameters: readonly Parameter[]): Values[] {
  return parameters
    .filter(isList)
    .reduce<Values[]>(
      (combinations, { name, values }) =>
        combinations.flatMap((others) => values.map((value) => ({ ...others, [name]: value }))),
      [{}],
    );
}

/** `count` combinations, each drawn independently of the others: the first ones are the same for a larger count. */
export async function draws(parameters: readonly Parameter[], count: number, seed: number): Promise<Values[]> {
  const combinations: Values[] = [];
  for (let i = 0; i < count; i++) {
    const uniform = await random.uniform(streamKey(seed, DRAWS + i), [parameters.length]).data();
    const drawn = parameters.map((parameter, i) => [parameter.name, valueAt(parameter, uniform[i]!)] as const);
    combinations.push(Object.fromEntries(drawn));
  }
  return combinations;
}

/** The first of the streams that parameters are drawn from. */
const DRAWS = 2 ** 27;

/** The value that a share of a parameter's values lies below, from 0 to less than 1: a uniform share makes a draw. */
function valueAt(parameter: Parameter, share: number): Value {
  if (isList(parameter)) return parameter.values[Math.floor(share * parameter.values.length)]!;
  const { distribution, from, to } = parameter;
  switch (distribution) {
    case "uniform":
      return rounded(from + share * (to - from));
    case "log-uniform":
      return rounded(from * (to / from) ** share);
    case "integers":
      return Math.floor(from + share * (to + 1 - from));
    case "log-integers":
      return Math.min(to, Math.floor(from * ((to + 1) / from) ** share));
  }
}

/** To four digits: what a fifth would change is lost among the seeds, and a command with four can be read. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Whether its values lie on a logarithmic axis better: a `log-` distribution, or a list that spans more than a factor of 8. */
export function isLogarithmic(parameter: Parameter): boolean {
  if (!isList(parameter)) return parameter.distribution.startsWith("log-");
  const numbers = parameter.values.filter((value) => typeof value === "number");
  if (numbers.length < parameter.values.length || numbers.some((value) => value <= 0)) return false;
  return Math.max(...numbers) > 8 * Math.min(...numbers);
}

/** The names of the options that a parameter varies: several, if they are varied together. */
export function namesOf({ name }: Pick<Parameter, "name">): string[] {
  return name.split(TOGETHER);
}

/** The value of every option by itself, also of those that are varied together. */
export function optionsOf(values: Values): Values {
  const options = Object.entries(values).flatMap(([name, value]): [string, Value][] => {
    const names = namesOf({ name });
    if (names.length === 1) return [[name, value]];
    const parts = String(value).split(TOGETHER);
    return names.map((own, i) => [own, valueOf(parts[i] ?? "")]);
  });
  return Object.fromEntries(options);
}

/** Between the names of options that are varied together, and between their values. */
export const TOGETHER = "/";

function valueOf(text: string): Value {
  if (text === "true" || text === "false") return text === "true";
  return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

/** Such as "temperature 0.5, hard true". */
export function describeValues(values: Values): string {
  return Object.entries(optionsOf(values))
    .map(([name, value]) => `${kebab(name)} ${value}`)
    .join(", ");
}
