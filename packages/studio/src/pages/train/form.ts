/** A configuration's fields as settings of the page. */

import type { Field as ConfigurationField } from "@softdraw/experiments/fields";
import { booleanField, choiceField, type Field, numberField, type Range, wholeField } from "../../fields.ts";

export function settingFor({ type, enum: choices, default: initial, ...bounds }: ConfigurationField): Field<unknown> {
  if (choices) return choiceField(String(initial ?? choices[0]), choices) as Field<unknown>;
  if (type === "boolean") return booleanField(initial === true) as Field<unknown>;
  const field = type === "integer" ? wholeField : numberField;
  return field(Number(initial ?? 0), rangeOf(bounds)) as Field<unknown>;
}

/** Nobody means more, or less, where a field has no bound of its own. */
const FAR = 1_000_000;
/** Of a seed, a word: as far as six digits can say. */
const FARTHEST = 4_000_000_000;

/** What is excluded at the end of a range is the schema's to refuse. */
export function rangeOf(
  bounds: Pick<ConfigurationField, "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum">,
): Range {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = bounds;
  const most = maximum ?? exclusiveMaximum ?? FAR;
  // Where the schema has none, it says the largest whole number that there is.
  const to = most >= Number.MAX_SAFE_INTEGER ? FAR : Math.min(most, FARTHEST);
  return { from: Math.max(minimum ?? exclusiveMinimum ?? -FAR, -FARTHEST), to };
}

/** `learningRate` as "learning rate". */
export function spelled(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** What most want to set of any experiment. */
const BASIC = ["epochs", "steps", "batch", "temperature", "schedule", "temperatureEnd", "learningRate"];

const GROUPS = {
  Training: [
    ...["epochs", "classifierEpochs", "steps", "batch", "seed", "optimizer", "learningRate", "learningRateDecay"],
    ...["weightDecay", "dropout"],
  ],
  Temperature: ["temperature", "schedule", "temperatureEnd", "temperatureRate", "temperatureHold"],
};

/** Whether a field is one that most want to set. @param own those of its experiment beyond these */
export function isBasic(field: string, own: readonly string[]): boolean {
  return BASIC.includes(field) || own.includes(field);
}

/** Fields by what they are about: the training, the temperature, and the rest, which is the experiment's own. */
export function grouped<F>(fields: readonly (readonly [string, F])[]) {
  const groupOf = (field: string) =>
    Object.entries(GROUPS).find(([, names]) => names.includes(field))?.[0] ?? "Model and estimator";
  return ["Training", "Temperature", "Model and estimator"]
    .map((title) => ({ title, fields: fields.filter(([name]) => groupOf(name) === title) }))
    .filter(({ fields }) => fields.length > 0);
}
