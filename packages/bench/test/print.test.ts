import { expect, test } from "vitest";
import type { Findings } from "../src/benchmark.ts";
import { findingsText, machineText } from "../src/print.ts";

const findings: Findings = {
  title: "Two ways",
  unit: "ms a step",
  measurements: [
    { name: "slow", samples: [1234.5, 1000.4, 2000] },
    { name: "fast", samples: [10, 12, 11] },
  ],
  comparisons: [
    { name: "slow to fast", ratios: [100, 90, 80], target: { atLeast: 4 } },
    { name: "fast to slow", ratios: [0.011], target: { atMost: 0.01 } },
    { name: "just so", ratios: [1] },
  ],
  notes: ["A note."],
};

test("findings are Markdown tables with medians, extremes and verdicts", () => {
  expect(findingsText(findings)).toBe(
    `
## Two ways

| ms a step | median |  min |  max |
| --------- | -----: | ---: | ---: |
| slow      |   1235 | 1000 | 2000 |
| fast      |   11.0 | 10.0 | 12.0 |

| ratio, round by round | median |    min |    max |       target |        |
| --------------------- | -----: | -----: | -----: | -----------: | -----: |
| slow to fast          |   90.0 |   80.0 |    100 |   at least 4 |    met |
| fast to slow          | 0.0110 | 0.0110 | 0.0110 | at most 0.01 | MISSED |
| just so               |   1.00 |   1.00 |   1.00 |              |        |

A note.`.trimStart(),
  );
});

test("without comparisons there is one table", () => {
  expect(findingsText({ ...findings, comparisons: [], notes: [] })).not.toContain("ratio");
});

test("a busy machine is warned of", () => {
  const machine = { processor: "A processor", cores: 2, node: "20.20.0", date: "2020-01-01T00:00:00Z", load: 1 };
  expect(machineText(machine)).toBe("A processor, 2 cores, Node.js 20.20.0, 2020-01-01T00:00:00Z, load 1.00");
  expect(machineText({ ...machine, load: 1.01 })).toContain("Warning: the load is 1.01 on 2 cores.");
});

test("tables that are given come first, as they are", () => {
  const tables = [{ head: ["ms", "in a row"], rows: [["a step", "3.00"]] }];
  const text = findingsText({
    title: "Steps",
    unit: "ms",
    tables,
    measurements: [],
    comparisons: [],
    notes: ["A note."],
  });
  expect(text).toBe("## Steps\n\n| ms     | in a row |\n| ------ | -------: |\n| a step |     3.00 |\n\nA note.");
});
