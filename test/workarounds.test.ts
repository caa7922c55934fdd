/** The table of workarounds for the engine names the places where the sources say so, and no others. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const decisions = readFileSync(`${root}docs/decisions.md`, "utf8");
const [, table = ""] = decisions.split(/^## Workarounds for the engine$/m);
const [section = ""] = table.split(/^## /m);
const linked = [...section.matchAll(/\]\(\.\.\/(packages\/[^)]*)\)/g)].map(([, path]) => path!);

/** The sources of all packages, built and installed files left out. */
const sources = readdirSync(`${root}packages`).flatMap((name) => {
  const folder = `packages/${name}/src`;
  if (!existsSync(root + folder)) return [];
  const files = readdirSync(root + folder, { recursive: true, encoding: "utf8" });
  return files.filter((file) => /\.[jt]s$/.test(file)).map((file) => `${folder}/${file.replaceAll("\\", "/")}`);
});

/** A comment's line that begins with "Upstream". */
const isMarked = (path: string) => /^\s*(\*|\/\/|\/\*\*) Upstream: \S/m.test(readFileSync(root + path, "utf8"));

test("every file that says Upstream is in the table", () => {
  const marked = sources.filter(isMarked);
  expect(marked.length).toBeGreaterThan(20);
  expect(marked.filter((path) => !linked.includes(path))).toEqual([]);
});

test("every file of the library in the table says Upstream", () => {
  const ofLibrary = linked.filter((path) => path.startsWith("packages/softdraw/"));
  expect(ofLibrary.length).toBeGreaterThan(10);
  expect(ofLibrary.filter((path) => !isMarked(path))).toEqual([]);
});
