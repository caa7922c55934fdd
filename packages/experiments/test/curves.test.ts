import { expect, test } from "vitest";
import { curvesOf } from "../src/curves.ts";
import { lineChart } from "../src/report/charts.ts";

const records = [{ epoch: 1, loss: 3 }, { epoch: 2 }, { epoch: 3, loss: 1, test: 5 }, { epoch: 4, loss: 0, test: 4 }];
const curve = curvesOf(records);

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
