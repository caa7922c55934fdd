/** Options that say something in some configurations only: a call that gives them where they say nothing is refused. */

import type { BaseConfig, Experiment } from "../experiment.ts";

/** Options that belong to some values of another one. */
export interface Scope<Name extends string = string> {
  readonly options: readonly Name[];
  /** The other option, and those of its values with which they say something: names, or any number but 0. */
  readonly by: Name;
  readonly values: readonly string[] | "above 0";
}

/** The scope that an option would have to be in, and is not; undefined for one that says something. */
export function missedScope({ scopes = [] }: Pick<Experiment, "scopes">, config: object, option: string) {
  return scopes.find(({ options, by, values }) => options.includes(option) && !isAmong(values, valueIn(config, by)));
}

function isAmong(values: Scope["values"], value: unknown): boolean {
  return values === "above 0" ? Number(value) > 0 : values.includes(value as string);
}

/** What a scope asks of the other option, such as `the schedule linear or cosine`. */
export function scopeText({ by, values }: Scope): string {
  return values === "above 0" ? `a ${by} above 0` : `the ${by} ${alternatives(values)}`;
}

/**
 * Refuses what says nothing in any of some configurations. A preset may say it all the same: it fits several of them.
 *
 * @param given names of the options that were asked for
 * @throws RangeError that names the option, where it belongs, what it stands beside, and what it is
 */
export function checkScopes(
  experiment: Pick<Experiment, "scopes">,
  configs: readonly BaseConfig[],
  given: readonly string[],
): void {
  for (const option of given) {
    const missed = configs.map((config) => missedScope(experiment, config, option));
    const [first] = missed;
    if (first === undefined || missed.includes(undefined)) continue;
    const { by } = first;
    const [beside, got] = [by, option].map((name) => valueIn(configs[0]!, name));
    throw new RangeError(`${option} is an option of ${scopeText(first)}: leave it out beside ${beside}, got ${got}.`);
  }
}

function valueIn(config: object, option: string): unknown {
  const values: Readonly<Record<string, unknown>> = { ...config };
  return values[option];
}

/** Such as `linear, cosine or exponential`. */
function alternatives(values: readonly string[]): string {
  return values.length === 1 ? values[0]! : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
