/** A configuration's fields as settings of the page. */

import type { Field as ConfigurationField } from "@softdraw/experiments/fields";
import { booleanField, choiceField, type Field, numberField, type Range, wholeField } from "../../fields.ts";

export function settingFor({ type, enum: choices, default: initial, ...bounds }: ConfigurationField): Field<unknown> {
  if (choices) return choiceField(String(initial ?? choices[0]), choices) as Field<unknown>;
  if (type === "boolean") return booleanField(initial === true) as Field<unknown>;
  const field = type === "integer" ? wholeField : numberField;
  return field(Number(initial ?? 0), rangeOf(bounds)) as Field<unknown>;
}

/** What is excluded at the end of a range is the schema's to refuse. */
export function rangeOf(
  bounds: Pick<ConfigurationField, "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum">,
): Range {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = bounds;
  return { from: minimum ?? exclusiveMinimum ?? -1e9, to: Math.min(maximum ?? exclusiveMaximum ?? 1e9, 2 ** 32 - 1) };
}

/** `learningRate` as "learning rate". */
export function spelled(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
