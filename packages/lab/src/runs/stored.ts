/** JSON that was stored, in a file or elsewhere, and may be damaged or of foreign origin since. */

import { foreignValue } from "@softdraw/experiments/foreign-text";
import { parseJson } from "@softdraw/experiments/json";
import { problemOf } from "@softdraw/experiments/problems";
import type { z } from "zod";

/** @throws Error that names `where` the text was, and what it is */
export function storedJson(text: string, where: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new Error(`${where}: expected JSON, got ${foreignValue(text)}`, { cause: error });
  }
}

/**
 * The value in a text, by its schema.
 *
 * @param complaint what stands before the first thing that is wrong with it
 */
export function stored<T>(text: string, schema: z.ZodType<T>, where: string, complaint = where): T {
  const value = storedJson(text, where);
  const { data, error } = schema.safeParse(value);
  if (error) throw new Error(`${complaint}: ${problemOf(error, value)}`);
  return data;
}
