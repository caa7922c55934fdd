/** The README's table of verbs has what the structures have. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readStructures } from "../packages/softdraw/test/structures.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const columns = Object.fromEntries((await readStructures()).flatMap(({ columns }) => Object.entries(columns)));

/** The cells of the first table below a heading, row by row, without the line that separates its head. */
function tableBelow(heading: string): string[][] {
  const lines = readme.slice(readme.indexOf(`\n${heading}\n`)).split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const count = lines.slice(first).findIndex((line) => !line.startsWith("|"));
  const rows = lines.slice(first, first + count).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  return rows.filter((_, i) => i !== 1);
}

const [head, ...rows] = tableBelow("## What there is") as [string[], ...string[][]];
/** The verbs that a row is about: `entropy(logits)`, `kl(logits, prior?)` are two. */
const verbsOf = ([first]: string[]) => [...first!.matchAll(/`(\w+)\(/g)].map(([, verb]) => verb!);
const listed = rows.flatMap((row) => verbsOf(row).map((verb) => [verb, row] as const));

describe("the table of verbs", () => {
  test("has a column for every structure, with the shape of its logits", () => {
    const [, ...titles] = head;
    const expected = Object.entries(columns).map(([name, { shape }]) => `\`${name}\` \`${shape}\``);
    expect(titles.map((title) => title.replace(/, k of n$/, "")).sort()).toEqual(expected.sort());
  });

  test.each(Object.entries(columns))("says of %s which verbs there are", (name, { verbs }) => {
    const column = head.findIndex((title) => title.startsWith(`\`${name}\``));
    const claimed = listed.filter(([, row]) => !["", "no tractable law"].includes(row[column]!)).map(([verb]) => verb);
    const there = listed.map(([verb]) => verb).filter((verb) => verb in verbs);
    expect(claimed).toEqual(there);
  });

  test("has the verbs that more than one structure has", () => {
    const count = (verb: string) => Object.values(columns).filter(({ verbs }) => verb in verbs).length;
    const shared = new Set(
      Object.values(columns)
        .flatMap(({ verbs }) => Object.entries(verbs))
        .flatMap(([name, verb]) => (typeof verb === "function" ? [name] : []))
        .filter((verb) => count(verb) > 1 && verb !== "sampleOrdered"),
    );
    expect(listed.map(([verb]) => verb).sort()).toEqual([...shared].sort());
  });
});
