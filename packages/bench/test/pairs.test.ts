import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Contestant } from "../src/contestant.ts";
import { type Match, measure, measureAll } from "../src/pairs.ts";

const settings = { rounds: 3, onProgress: () => {} };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "softdraw-bench-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A program that answers `ms` and its loss, 1, 2, ..., and writes its name and the amount into a common log. */
function fake(name: string, ms: number, amount: number): Contestant {
  const program = fileURLToPath(new URL("./fake-contestant.js", import.meta.url));
  return { name, amount, command: [process.execPath, program, join(folder, "log"), name, `${ms}`] };
}

function match(contestants: readonly Contestant[], more: Partial<Match> = {}): Match {
  return { title: "a match", unit: "ms", contestants, comparisons: [], ...more };
}

test("contestants take turns, each with its amount, after a turn that does not count", async () => {
  const { measurements } = await measure(match([fake("A", 4, 7), fake("B", 2, 9)]), settings);
  const log = await readFile(join(folder, "log"), "utf8");
  expect(log.trim().split("\n")).toEqual(Array(4).fill(["A 7", "B 9"]).flat());
  expect(measurements).toEqual([
    { name: "A", samples: [4, 4, 4], losses: [2, 3, 4] },
    { name: "B", samples: [2, 2, 2], losses: [2, 3, 4] },
  ]);
});

test("of several matches, those alone are taken whose title is asked for", async () => {
  const matches = ["one thread", "two threads"].map((title) => match([fake(title, 4, 1)], { title }));
  const findings = await measureAll(matches, { ...settings, only: "two" });
  expect(findings.map(({ title }) => title)).toEqual(["two threads"]);
  expect(await readFile(join(folder, "log"), "utf8")).not.toContain("one");
});

test("ratios are of the measurements in their unit", async () => {
  const contestants = [fake("A", 4, 1), fake("B", 2, 1)];
  const comparisons = [{ name: "B to A", of: "B", to: "A", target: { atLeast: 1.5 } }];
  const findings = await measure(match(contestants, { comparisons, inUnit: (ms) => 1000 / ms }), settings);
  expect(findings.measurements.map(({ samples }) => samples[0])).toEqual([250, 500]);
  expect(findings.comparisons).toEqual([{ name: "B to A", ratios: [2, 2, 2], target: { atLeast: 1.5 } }]);
});

test("who is missing is left out, with its comparisons, and with a note that says why", async () => {
  const absent = { ...fake("B", 2, 1), missing: () => "it is not installed" };
  const comparisons = [{ name: "A to B", of: "A", to: "B" }];
  const findings = await measure(match([fake("A", 4, 1), absent], { comparisons }), settings);
  expect(findings.measurements.map(({ name }) => name)).toEqual(["A"]);
  expect(findings.comparisons).toEqual([]);
  expect(findings.notes).toEqual(["B is left out: it is not installed."]);
});

test("a contestant that fails is named, with what it said, and the others are ended", async () => {
  const failing: Contestant = { ...fake("B", 0, 1), command: [process.execPath, "-e", "throw new Error('no luck')"] };
  await expect(measure(match([fake("A", 4, 1), failing]), settings)).rejects.toThrow(
    /^B ended without an answer \(exit code 1\):.*no luck/s,
  );
});

test("a contestant whose program is not there is named", async () => {
  const absent: Contestant = { ...fake("B", 0, 1), command: [join(folder, "nothing")] };
  await expect(measure(match([absent]), settings)).rejects.toThrow(/^B ended without an answer.*ENOENT/s);
});
