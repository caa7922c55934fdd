/** What a value of a configuration should have been, in words. Whoever shows them names the option, and what came. */

import { z } from "zod";

const TYPES: Readonly<Record<string, string>> = {
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  string: "text",
};

/** In place of zod's own words, everywhere: on the command line, in a page's form, in a file of a run. */
z.config({ customError: expectation });

/** Undefined leaves it to zod. */
function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type" && TYPES[issue.expected]) return `Expected ${TYPES[issue.expected]}`;
  if (issue.code === "invalid_value") return `Expected one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "too_small" && isNumber(issue.origin)) {
    return `Expected a number ${issue.inclusive ? "of at least" : "above"} ${issue.minimum}`;
  }
  if (issue.code === "too_big" && isNumber(issue.origin)) {
    return `Expected a number ${issue.inclusive ? "of at most" : "below"} ${issue.maximum}`;
  }
  return undefined;
}

function isNumber(origin: string): boolean {
  return origin === "number" || origin === "int";
}
