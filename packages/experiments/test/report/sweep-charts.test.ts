import { rasterize } from "@softdraw/lab/report/rasterize";
import { decode } from "fast-png";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type MeasureChart, measureChart, type ParallelChart, parallelChart } from "../../src/report/sweep-charts.ts";

const parse = (svg: string) => parseHTML(svg).document.querySelector("svg")!;
const texts = (svg: Element) => [...svg.querySelectorAll("text")].map((text) => text.textContent);

const measured: MeasureChart = {
  title: "Loss by temperature",
  x: { label: "temperature", log: true },
  y: { label: "loss" },
  points: [
    { x: 0.1, y: 3, halfWidth: 0.5, winner: false },
    { x: 1, y: 2, halfWidth: 0.25, winner: true },
    { x: 10, y: 4, halfWidth: Number.NaN, winner: false },
  ],
};

describe("measureChart", () => {
  it("has a dot for each combination, evenly on a logarithmic axis, and a ring around the winner", () => {
    const [dots, ring] = parse(measureChart(measured)).querySelectorAll("g[aria-label=dot]");
    const at = (dot: Element) => ["cx", "cy"].map((name) => Number(dot.getAttribute(name)));
    const [left, middle, right] = [...dots!.children].map(at) as [number[], number[], number[]];
    expect(middle[0]! - left[0]!).toBeCloseTo(right[0]! - middle[0]!, 6);
    expect(middle[1]).toBeGreaterThan(left[1]!);
    expect([...ring!.children].map(at)).toEqual([middle]);
  });

  it("has an interval where there is one", () => {
    const svg = parse(measureChart(measured));
    expect(svg.querySelector("g[aria-label=rule]")!.children).toHaveLength(2);
    expect(texts(svg)).toEqual(expect.arrayContaining(["temperature (log scale)", "loss", "0.1", "1", "10"]));
  });

  it("names what is no number", () => {
    const x = { label: "schedule", log: false, names: ["constant", "linear", "cosine"] };
    const points = measured.points.map((point, i) => ({ ...point, x: i }));
    expect(texts(parse(measureChart({ ...measured, x, points })))).toEqual(expect.arrayContaining(x.names));
  });
});

const parallel: ParallelChart = {
  title: "All parameters",
  axes: [
    { label: "temperature", log: true, values: [0.1, 1, 10] },
    { label: "schedule", log: false, names: ["constant", "linear"], values: [0, 1, 1] },
    { label: "loss", log: false, values: [3, 2, 4] },
  ],
  winner: 1,
  other: 2,
};

describe("parallelChart", () => {
  const lines = (svg: Element) =>
    [...svg.querySelectorAll("g[aria-label=line] path")].map((path) => path.getAttribute("d")!);
  const heights = (path: string) =>
    path
      .slice(1)
      .split("L")
      .map((point) => Number(point.split(",")[1]));

  it("has an axis for every parameter, and a line for every combination through its values", () => {
    const drawn = lines(parse(parallelChart(parallel)));
    // Three axes, three lines, and two of them once more on top.
    expect(drawn).toHaveLength(8);
    const [low, middle, high] = drawn.slice(3, 6).map(heights) as [number[], number[], number[]];
    expect(low[0]).toBeGreaterThan(middle[0]!);
    expect(middle[0]! - high[0]!).toBeCloseTo(low[0]! - middle[0]!, 6);
    expect(middle[1]).toBe(high[1]);
    expect(middle[2]).toBeGreaterThan(low[2]!);
    expect(drawn[7]).toBe(drawn[4]);
    expect(drawn[6]).toBe(drawn[5]);
  });

  it("names axes and values, and needs no second line", () => {
    const svg = parse(parallelChart({ ...parallel, other: undefined }));
    expect(texts(svg)).toEqual(
      expect.arrayContaining(["temperature", "schedule", "loss", "constant", "linear", "0.1"]),
    );
    expect(lines(svg)).toHaveLength(7);
  });
});

it.each([measureChart(measured), parallelChart(parallel)])("is a picture too", (svg) => {
  const { width, height, data } = decode(rasterize(svg, { width: 520 }));
  expect({ width, height }).toEqual({ width: 520, height: 320 });
  expect(new Set(data).size).toBeGreaterThan(10);
});
