/** The program of the guide to training loops keeps its memory as it is: what 300 steps take, they give back. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { watchArrays } from "@softdraw/testing/live-arrays";
import { expect, test } from "vitest";
import { parseMarkdown } from "./documents/markdown.ts";
import { programsOf, runProgram } from "./documents/programs.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const [path, STEPS] = ["docs/training-loop.md", 300];
const [program] = programsOf(parseMarkdown(path, readFileSync(`${root}${path}`, "utf8")));

test("the guide's training gives back the arrays of its steps", async () => {
  expect(program!.source).toContain(`${STEPS}];`);
  await runProgram(program!, root);
  const { count } = watchArrays();
  const before = count();
  await runProgram(program!, root);
  // It prints what it has learned, and keeps that.
  expect(count() - before).toBe(1);
});
