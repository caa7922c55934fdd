/** Several tasks under one name. */

import { z } from "zod";
import type { BaseConfig, Experiment } from "./experiment.ts";

/** Experiments by the name of the task. Their configurations are flat objects. */
type Tasks = Readonly<Record<string, Experiment>>;

/**
 * An experiment that is whichever of its tasks the configuration's `task` says, the first by default.
 *
 * @param about what it is called and does, and what the option `task` says, for its description
 */
export function experimentOfTasks(
  about: Pick<Experiment, "title" | "summary"> & { readonly task: string },
  tasks: Tasks,
): Experiment {
  const { title, summary } = about;
  const [first] = Object.values(tasks);
  if (first === undefined) throw new RangeError("There must be at least one task.");
  const presets = Object.entries(tasks).flatMap(([task, { presets }]) =>
    Object.entries(presets).map(([name, { description, values }]) => {
      return [name, { description: `${task}: ${description}`, values: { task, ...values } }] as const;
    }),
  );
  return {
    ...first,
    title,
    summary,
    schema: schemaOfTasks(tasks, about.task),
    presets: Object.fromEntries(presets),
    tasks,
  };
}

/** The options of all tasks. `task` says whose defaults count, and an option that this task does not have is refused. */
function schemaOfTasks(tasks: Tasks, about: string): z.ZodType<BaseConfig> {
  const names = Object.keys(tasks);
  const fields = new Set(Object.values(tasks).flatMap(({ schema }) => Object.keys(shapeOf(schema))));
  fields.delete("task");
  const optional = Array.from(fields, (field) => [field, optionalField(field, tasks)] as const);
  const task = z.enum(names).default(names[0]!).describe(about);
  return z.strictObject({ task, ...Object.fromEntries(optional) }).transform((values, context) => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    const parsed = tasks[values.task]!.schema.safeParse(Object.fromEntries(given));
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.addIssue(issueOfOption(issue, values.task));
    return z.NEVER;
  });
}

/** What is wrong, at the option that is. */
function issueOfOption(issue: z.core.$ZodIssue, task: string) {
  const { path, message } = issue;
  if (issue.code !== "unrecognized_keys") return { code: "custom" as const, path, message };
  const [option] = issue.keys;
  return { code: "custom" as const, path: [option!], message: `The task ${task} has no such option` };
}

/** An option without a default of its own: what it is by default in each task is part of its description. */
function optionalField(field: string, tasks: Tasks): z.ZodType {
  const having = Object.entries(tasks).flatMap(([task, { schema }]) => {
    const type = shapeOf(schema)[field];
    return type === undefined ? [] : [{ task, type, value: type.safeParse(undefined).data }];
  });
  const { type } = having[0]!;
  const bounded = type instanceof z.ZodDefault ? (type.unwrap() as z.ZodType) : type;
  // Bounds are the task's.
  const inner = bounded instanceof z.ZodNumber ? z.number() : bounded;
  const isOfSome = having.length < Object.keys(tasks).length;
  const note = [isOfSome ? [`${having.map(({ task }) => task).join(", ")} only`] : [], describeDefaults(having)].flat();
  const notes = note.length === 0 ? "" : ` (${note.join("; ")})`;
  return z.optional(inner).describe(`${type.description}${notes}`);
}

/** Such as `default: 3, for xor 2, for switch 5`; nothing where there is no default. */
function describeDefaults(having: readonly { task: string; value: unknown }[]): string[] {
  const usual = having[0]!.value;
  if (usual === undefined) return [];
  const others = having.filter(({ value }) => value !== usual).map(({ task, value }) => `for ${task} ${value}`);
  return [`default: ${[usual, ...others].join(", ")}`];
}

function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  if (schema instanceof z.ZodObject) return schema.shape;
  throw new TypeError("A task's configuration must be a flat object.");
}
