import { rasterize } from "@softdraw/lab/report/rasterize";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type BarChart, barChart } from "../../src/report/bar-chart.ts";

const chart = (groups: number): BarChart => ({
  title: "Shares",
  x: { label: "subset" },
  y: { label: "share" },
  groups: Array.from({ length: groups }, (_, i) => `{${i + 1}, ${i + 2}}`),
  series: ["first", "second", "third"].map((name) => ({ name, values: new Array(groups).fill(0.25) })),
  reference: { name: "law", values: new Array(groups).fill(0.5) },
});

const parse = (svg: string) => parseHTML(svg).document.querySelector("svg")!;
const numbers = (marks: Iterable<Element>, name: string) => [...marks].map((mark) => Number(mark.getAttribute(name)));

describe("barChart", () => {
  it("draws a bar for each value, apart from each other, side by side in their groups", () => {
    const svg = parse(barChart(chart(4)));
    const series = [...svg.querySelectorAll("g[aria-label=rect]")];
    expect(series.map((bars) => bars.children.length)).toEqual([4, 4, 4]);
    const bars = series.flatMap((group) => [...group.children]);
    const places = numbers(bars, "x").map((left, i) => [left, left + numbers(bars, "width")[i]!] as const);
    const sorted = places.toSorted((a, b) => a[0] - b[0]);
    for (let i = 1; i < sorted.length; i++) expect(sorted[i]![0]).toBeGreaterThanOrEqual(sorted[i - 1]![1]);
    expect(new Set(series.map((group) => group.getAttribute("fill"))).size).toBe(3);
  });

  it("has the reference where its value is, twice as high as bars of half of it", () => {
    const svg = parse(barChart(chart(3)));
    const bars = svg.querySelector("g[aria-label=rect]")!.children;
    const [top] = numbers(bars, "y");
    const [height] = numbers(bars, "height");
    const lines = svg.querySelector("g[aria-label=rule]")!.children;
    expect(lines).toHaveLength(3);
    expect(numbers(lines, "y1")[0]).toBeCloseTo(top! - height!, 6);
    expect(numbers(lines, "x1")[0]).toBeLessThan(numbers(bars, "x")[0]!);
  });

  it.each([2, 20])("names everything in text: %d groups", (groups) => {
    const input = chart(groups);
    const svg = parse(barChart(input));
    const texts = [...svg.querySelectorAll("text")].map((text) => text.textContent);
    expect(texts).toEqual(
      expect.arrayContaining([...input.groups, "first", "second", "third", "law", "subset", "share"]),
    );
    expect(svg.getAttribute("aria-label")).toBe("Shares");
  });

  it("is a drawing of bars of no height when everything is 0", () => {
    const zero = { name: "zero", values: [0, 0] };
    const svg = barChart({ ...chart(2), series: [zero], reference: zero });
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("gives the same text for the same chart, which is a picture", () => {
    const svg = barChart(chart(5));
    expect(barChart(chart(5))).toBe(svg);
    expect(() => rasterize(svg, { width: 300 })).not.toThrow();
  });
});
