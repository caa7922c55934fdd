import { rasterize } from "@softdraw/lab/report/rasterize";
import { decode } from "fast-png";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type LineChart, lineChart, type Point } from "../../src/report/charts.ts";

const NO_NUMBER = /NaN|Infinity|undefined/;

/** `count` points from a function of 1, 2, 3, ... */
const points = (count: number, y: (x: number) => number): Point[] =>
  Array.from({ length: count }, (_, i) => ({ x: i + 1, y: y(i + 1) }));

const chart = (series: LineChart["series"], log = false): LineChart => ({
  title: "Loss by epoch",
  x: { label: "epoch" },
  y: { label: "nats", log },
  series,
});

const parse = (svg: string) => parseHTML(svg).document.querySelector("svg")!;

/** The marks in the frame, in the order of the series; those of the legend, which come after them, left out. */
function frameMarks(svg: string, label: "line" | "dot", count: number) {
  return [...parse(svg).querySelectorAll(`g[aria-label=${label}]`)].slice(0, count);
}

/** Corners of a path: one for each point that is drawn. */
function corners(path: string): number {
  return path.match(/[ML]/g)?.length ?? 0;
}

const pathOf = (svg: string) => frameMarks(svg, "line", 1)[0]!.querySelector("path")!.getAttribute("d")!;

describe("lineChart", () => {
  it("draws each series with one corner and one symbol a point", () => {
    const series = [3, 7, 10].map((count) => ({ name: `series of ${count}`, points: points(count, (x) => 200 / x) }));
    const svg = lineChart(chart(series));
    const paths = frameMarks(svg, "line", 3).map((group) => group.querySelector("path")!.getAttribute("d")!);
    expect(paths.map(corners)).toEqual([3, 7, 10]);
    expect(frameMarks(svg, "dot", 3).map((group) => group.children.length)).toEqual([3, 7, 10]);
  });

  it("names the chart, its axes and every series in text", () => {
    const svg = lineChart(
      chart(["relaxed", "discrete", "test"].map((name) => ({ name, points: points(4, (x) => x) }))),
    );
    const texts = [...parse(svg).querySelectorAll("text")].map((text) => text.textContent);
    expect(texts).toEqual(expect.arrayContaining(["relaxed", "discrete", "test", "epoch", "nats"]));
    expect(parse(svg).getAttribute("role")).toBe("img");
    expect(parse(svg).getAttribute("aria-label")).toBe("Loss by epoch");
  });

  it("tells thirty series apart by colour and dash together, and six by colour alone", () => {
    const series = Array.from({ length: 30 }, (_, i) => ({ name: `series ${i}`, points: points(3, (x) => x + i) }));
    const lines = frameMarks(lineChart(chart(series)), "line", 30);
    const looks = lines.map((group) => `${group.getAttribute("stroke")} ${group.getAttribute("stroke-dasharray")}`);
    expect(new Set(looks).size).toBe(30);
    expect(new Set(lines.slice(0, 6).map((group) => group.getAttribute("stroke"))).size).toBe(6);
  });

  it("takes text and axes from the colour around it and sets no other colour than those of the series", () => {
    const svg = lineChart(chart([{ name: "one", points: points(3, (x) => x) }]));
    const paints = [...svg.matchAll(/ (?:fill|stroke)="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(paints)).toEqual(new Set(["currentColor", "none", "#0072b2"]));
  });

  it("shows a single point by a symbol within the frame", () => {
    const svg = lineChart(chart([{ name: "one", points: points(1, () => 5) }]));
    const [dot] = frameMarks(svg, "dot", 1)[0]!.children;
    const [width, height] = parse(svg).getAttribute("viewBox")!.split(" ").slice(2).map(Number);
    const [x, y] = ["cx", "cy"].map((name) => Number(dot!.getAttribute(name)));
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(width!);
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(height!);
  });

  it("leaves a gap for a value that is not finite", () => {
    const svg = lineChart(
      chart([{ name: "one", points: points(6, (x) => (x === 3 ? Number.NaN : x === 6 ? 1 / 0 : x)) }]),
    );
    expect(svg).not.toMatch(NO_NUMBER);
    expect(corners(pathOf(svg))).toBe(4);
    expect(pathOf(svg).match(/M/g)).toHaveLength(2);
    expect(frameMarks(svg, "dot", 1)[0]!.children).toHaveLength(4);
  });

  it("leaves out points without a finite place along the axis", () => {
    const strange = [Number.NaN, Number.POSITIVE_INFINITY].map((x) => ({ x, y: 1 }));
    const svg = lineChart(chart([{ name: "one", points: [...strange, ...points(3, (x) => x)] }]));
    expect(svg).not.toMatch(NO_NUMBER);
    expect(corners(pathOf(svg))).toBe(3);
  });

  it("leaves a gap on a logarithmic axis for what is not positive, and says that the axis is one", () => {
    const svg = lineChart(
      chart([{ name: "one", points: points(5, (x) => (x === 2 ? 0 : x === 4 ? -1 : 10 ** -x)) }], true),
    );
    expect(svg).not.toMatch(NO_NUMBER);
    expect(corners(pathOf(svg))).toBe(3);
    expect(svg).toContain("nats (log scale)");
  });

  it.each([
    ["no series", []],
    ["no points", [{ name: "one", points: [] }]],
    ["a run that was never finite", [{ name: "one", points: points(3, () => Number.NaN) }]],
  ])("says that there is nothing to draw: %s", (_, series) => {
    const svg = lineChart(chart(series));
    expect(svg).toContain("No finite values");
    expect(svg).not.toMatch(NO_NUMBER);
  });

  it("draws long lines without symbols", () => {
    const svg = lineChart(chart([{ name: "long", points: points(5000, (x) => Math.sin(x / 100)) }]));
    expect(corners(pathOf(svg))).toBe(5000);
    expect(frameMarks(svg, "dot", 1)).toEqual([]);
  });

  it("labels whole numbers only where all points have them", () => {
    const labels = (svg: string) =>
      [...parse(svg).querySelectorAll("g[aria-label='x-axis tick label'] text")]
        .map((text) => text.textContent)
        .filter(Boolean);
    expect(labels(lineChart(chart([{ name: "epochs", points: points(3, (x) => x) }])))).toEqual(["1", "2", "3"]);
    const halves = points(3, (x) => x).map(({ x, y }) => ({ x: x / 2, y }));
    expect(labels(lineChart(chart([{ name: "seconds", points: halves }])))).toContain("0.6");
  });

  it("escapes text wherever it comes from", () => {
    const evil = `</style><script>"&'`;
    const svg = lineChart({
      title: evil,
      x: { label: evil },
      y: { label: evil },
      series: [{ name: evil, points: points(2, (x) => x) }],
    });
    expect(svg).not.toContain("<script");
    // A stand-alone SVG file is XML, which is read strictly.
    expect(() => rasterize(svg, { width: 100 })).not.toThrow();
    expect(parse(svg).getAttribute("aria-label")).toBe(evil);
    expect([...parse(svg).querySelectorAll("text")].filter((text) => text.textContent === evil)).toHaveLength(3);
  });

  it("gives the same text for the same chart", () => {
    const input = chart([{ name: "one", points: points(9, Math.sqrt) }]);
    expect(lineChart(input)).toBe(lineChart(structuredClone(input)));
  });
});

describe("rasterize", () => {
  const svg = lineChart(chart([{ name: "one", points: points(9, (x) => 1 / x) }]));

  it("draws the chart at the width asked for, in its own proportions", () => {
    const { width, height } = decode(rasterize(svg, { width: 260 }));
    const [svgWidth, svgHeight] = ["width", "height"].map((name) => Number(parse(svg).getAttribute(name)));
    expect(width).toBe(260);
    expect(Math.abs(height - (260 * svgHeight!) / svgWidth!)).toBeLessThanOrEqual(1);
  });

  it("paints the background and the line", () => {
    const { data, channels } = decode(rasterize(svg, { width: 520, background: "#102030" }));
    const pixels = Array.from({ length: data.length / channels }, (_, i) =>
      [...data.subarray(i * channels, i * channels + 3)].join(),
    );
    expect(pixels[0]).toBe("16,32,48");
    expect(pixels).toContain("0,114,178");
  });
});
