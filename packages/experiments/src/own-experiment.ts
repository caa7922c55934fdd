/** What the module of an experiment of one's own has to export, on the command line as in the page. */

import { z } from "zod";
import { experiments } from "./all.ts";
import { fieldsOf } from "./fields.ts";
import { foreignText } from "./foreign-text.ts";
import { problemOf } from "./problems.ts";

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

/** What is wrong with the default export of a module, in a sentence; undefined for an experiment that can be trained. */
export function problemWithExperiment(exported: unknown): string | undefined {
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
