import { rasterize } from "@softdraw/lab/report/rasterize";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type CloudChart, cloudChart } from "../../src/report/cloud-chart.ts";

const square = [
  { x: 1, y: 1 },
  { x: -1, y: 1 },
  { x: -1, y: -1 },
  { x: 1, y: -1 },
];
const chart: CloudChart = {
  title: "Clouds",
  caption: "The ring is the mean.",
  clouds: ["first", "second", "third", "fourth", "fifth"].map((name) => ({
    name,
    points: square,
    mean: { x: 0, y: 0 },
  })),
};
const parse = (svg: string) => parseHTML(svg).document.querySelector("svg")!;
const dotsOf = (svg: Element) => [...svg.querySelectorAll("g[aria-label=dot]")].map((group) => [...group.children]);
const place = (dot: Element) => {
  const moved = /translate\(([-\d.]+),([-\d.]+)\)/.exec(dot.getAttribute("transform") ?? "");
  return moved
    ? { x: Number(moved[1]), y: Number(moved[2]) }
    : { x: Number(dot.getAttribute("cx")), y: Number(dot.getAttribute("cy")) };
};

describe("cloudChart", () => {
  it("has a dot for each point and a ring for each mean, in the middle of what is around it", () => {
    const groups = dotsOf(parse(cloudChart(chart)));
    const clouds = groups.filter(({ length }) => length === 4);
    const rings = groups.filter(({ length }) => length === 1);
    expect(clouds).toHaveLength(5);
    // A ring and its ground.
    expect(rings).toHaveLength(10);
    clouds.forEach((dots, i) => {
      const places = dots.map(place);
      const center = place(rings[2 * i]![0]!);
      expect(center.x).toBeCloseTo((places[0]!.x + places[1]!.x) / 2, 6);
      expect(center.y).toBeCloseTo((places[0]!.y + places[2]!.y) / 2, 6);
      // Up is up, and both axes have one scale.
      expect(places[0]!.y).toBeLessThan(center.y);
      expect(places[0]!.x - center.x).toBeCloseTo(center.y - places[0]!.y, 6);
    });
  });

  it("puts what is far out at the edge of its panel", () => {
    const far = { name: "far", points: [...Array(99).fill({ x: 0.5, y: 0 }), { x: 1e9, y: 0 }], mean: { x: 0, y: 0 } };
    const svg = parse(cloudChart({ ...chart, clouds: [far] }));
    const places = dotsOf(svg)[0]!.map(place);
    expect(places.at(-1)!.x).toBeCloseTo(places[0]!.x, 6);
  });

  it("names everything in text, and says the scale", () => {
    const svg = parse(cloudChart(chart));
    const texts = [...svg.querySelectorAll("text")].map((text) => text.textContent);
    expect(texts).toEqual([...chart.clouds.map(({ name }) => name), "The ring is the mean. From side to side 2."]);
    expect(svg.getAttribute("aria-label")).toBe("Clouds");
  });

  it("is a drawing, the same for the same chart, also of clouds in one place", () => {
    const none = { name: "none", points: [{ x: 0, y: 0 }], mean: { x: 0, y: 0 } };
    const svg = cloudChart({ ...chart, clouds: [none] });
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(cloudChart({ ...chart, clouds: [none] })).toBe(svg);
    expect(() => rasterize(svg, { width: 300 })).not.toThrow();
  });
});
