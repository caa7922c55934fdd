/** What is wrong with values of foreign origin, in one short line. */

import type { z } from "zod";
import "./expectations.ts";
import { foreignText, foreignValue } from "./foreign-text.ts";

/**
 * The first thing that a schema found wrong: where, what was expected and what came, such as `epochs: Expected a whole number,
 * got "many"`. There may be as many as there are values.
 */
export function problemOf(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues;
  const path = issue!.path.map(String);
  const where = path.length === 0 ? "" : `${foreignText(path.join("."))}: `;
  if (issue!.code === "unrecognized_keys") return `${where}unexpected ${foreignText(issue!.keys.join(", "))}`;
  return `${where}${issue!.message}, got ${foreignValue(valueAt(value, path))}`;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => (Object(inner) as Record<string, unknown>)[name], value);
}
