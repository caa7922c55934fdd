/** The whole tour, as `npm start` makes it, and the demo that compares samplers of subsets. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TOUR } from "../../src/cli/tour.ts";
import { call, records, softdraw, useFolder } from "../cli/support.ts";

const folder = useFolder();

test("every part is trained, and all are in the report", { timeout: 3_600_000 }, async () => {
  const home = await folder.fresh();
  const { code, out, err } = await softdraw(home, "tour", "--json");
  expect([code, err]).toEqual([0, ""]);
  const runs = records(out).filter(({ type }) => type === "run");
  expect(runs).toHaveLength(TOUR.length);
  const report = await readFile(join(home, "runs", "report.html"), "utf8");
  for (const { run } of runs) expect(report).toContain(`href="${String(run).slice("runs/".length)}/report.html"`);
});

test("demo explain compares the samplers", async () => {
  const home = await folder.fresh();
  const { code, out, err } = await call(home, "demo", "explain", "--seeds", "1", "--steps", "10", "--json");
  expect([code, err]).toEqual([0, ""]);
  const runs = out.trim().split("\n").map((line) => JSON.parse(line)); // biome-ignore format: one line
  expect(runs.map(({ task, sampler }) => `${task} ${sampler}`)).toEqual(
    ["sequences", "xor"].flatMap((task) =>
      ["concrete-max", "successive", "threshold"].map((name) => `${task} ${name}`),
    ),
  );
  for (const { accuracy, precision, gap, gradientVariance } of runs) {
    for (const value of [accuracy, precision, gap, gradientVariance]) expect(value).toBeTypeOf("number");
    expect(gradientVariance).toBeGreaterThan(0);
  }
}, 3_600_000);
