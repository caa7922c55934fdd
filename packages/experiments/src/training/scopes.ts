/** Options that say something in some configurations only: a call that gives them where they say nothing is refused. */

import type { BaseConfig, Experiment } from "../experiment.ts";

/** Options that belong to some values of another one. */
export interface Scope<Name extends string = string> {
  readonly options: readonly Name[];
  /** The other option, and those of its values with which they say something. */
  readonly by: Name;
  readonly values: readonly string[];
}

/** The scope that an option would have to be in, and is not; undefined for one that says something. */
export function missedScope({ scopes = [] }: Pick<Experiment, "scopes">, config: BaseConfig, option: string) {
  return scopes.find(
    ({ options, by, values }) => options.includes(option) && !values.includes(valueIn(config, by) as string),
  );
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
    const { by, values } = first;
    const [beside, got] = [by, option].map((name) => valueIn(configs[0]!, name));
    throw new RangeError(
      `${option} is an option of the ${by} ${alternatives(values)}: leave it out beside ${beside}, got ${got}.`,
    );
  }
}

function valueIn(config: BaseConfig, option: string): unknown {
  const values: Readonly<Record<string, unknown>> = { ...config };
  return values[option];
}

/** Such as `linear, cosine or exponential`. */
function alternatives(values: readonly string[]): string {
  return values.length === 1 ? values[0]! : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
