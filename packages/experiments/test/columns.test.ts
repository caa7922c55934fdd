import { expect, test } from "vitest";
import { type Column, resultsOf, seriesOf } from "../src/columns.ts";
import { lineChart } from "../src/report/charts.ts";

const records = [{ epoch: 1, loss: 3 }, { epoch: 2 }, { epoch: 3, loss: 1, test: 5 }, { epoch: 4, loss: 0, test: 4 }];
const curve = seriesOf(records);

test("a column that was not measured in an epoch has no number there", () => {
  expect(curve("test", "test")).toEqual({
    name: "test",
    points: [
      { x: 1, y: Number.NaN },
      { x: 2, y: Number.NaN },
      { x: 3, y: 5 },
      { x: 4, y: 4 },
    ],
  });
});

test("a chart leaves it out", () => {
  const axes = { x: { label: "epoch" }, y: { label: "nats" } };
  const svg = lineChart({ title: "Loss", ...axes, series: [curve("loss", "loss"), curve("nothing", "nothing")] });
  expect(svg).not.toMatch(/NaN|undefined/);
  // Three points that are measured, and the legend's.
  expect(svg.match(/<circle/g)).toHaveLength(3 + 1);
});

const columns: readonly Column[] = [
  { key: "loss", label: "loss", description: "what was minimized", digits: 3 },
  { key: "right", label: "right", name: "accuracy", description: "% right", digits: 2, unit: "%", note: "by majority" },
  { key: "judged", label: "judged", description: "how many", digits: 0, note: (judged) => `of ${judged ?? "all"}` },
];

test("results say of their columns what was measured, in the order asked for", () => {
  expect(resultsOf(columns, ["judged", "right"], { loss: 1, right: 98.5, judged: 7 }, 20)).toEqual([
    { name: "judged", value: 7, digits: 0, note: "of 20" },
    { name: "accuracy", value: 98.5, digits: 2, unit: "%", note: "by majority" },
  ]);
});

test("a column that was not measured is no result", () => {
  expect(resultsOf(columns, ["right", "judged"], { judged: 7 })).toEqual([
    { name: "judged", value: 7, digits: 0, note: "of all" },
  ]);
});

test("a key that no column has is an error that names it", () => {
  expect(() => resultsOf(columns, ["wrong"], {})).toThrow('No column has the key "wrong".');
});
