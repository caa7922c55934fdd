/** The whole tour, as `npm start` makes it. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TOUR } from "../../src/cli/tour.ts";
import { records, softdraw, useFolder } from "../cli/support.ts";

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
