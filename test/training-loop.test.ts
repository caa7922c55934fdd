/** The program of the guide to training loops keeps its memory as it is: what 300 steps take, they give back. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { watchEngineMemory } from "@softdraw/testing/engine-memory";
import { expect, test } from "vitest";
import { parseMarkdown } from "./documents/markdown.ts";

const { block, growthToTheNumber } = await watchEngineMemory();
const { programsOf, runProgram } = await import("./documents/programs.ts");

const root = fileURLToPath(new URL("../", import.meta.url));
const [path, STEPS] = ["docs/training-loop.md", 300];
const [program] = programsOf(parseMarkdown(path, readFileSync(`${root}${path}`, "utf8")));

test("the guide's training holds as much memory after its steps as before", async () => {
  expect(program!.source).toContain(`${STEPS}];`);
  await runProgram(program!, root);
  expect(await growthToTheNumber(STEPS, async () => void (await runProgram(program!, root)))).toBe(0);
});

test("and a step that kept one number would be seen", async () => {
  const leaking = async () => {
    for (let step = 0; step < STEPS; step++) block();
  };
  expect(await growthToTheNumber(STEPS, leaking)).toBeGreaterThan(0);
});
