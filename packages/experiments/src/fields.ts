/** The fields of an experiment's configuration, as a command line and a form need them. */

import { z } from "zod";

/** A field of a configuration, as JSON Schema describes it. */
export interface Field {
  readonly type: "string" | "number" | "integer" | "boolean";
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

export function fieldsOf({ schema }: { readonly schema: z.ZodType }): Record<string, Field> {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return properties as Record<string, Field>;
}
