/** Bars in groups, as SVG text: legible on light and dark ground, and for the colour-blind. */

import * as Plot from "@observablehq/plot";
import {
  color,
  drawingText,
  FONT_SIZE,
  formatTick,
  IN_PIXELS,
  labelAt,
  legendPlaces,
  type Point,
  textWidth,
} from "./drawing.ts";

/** Heights by name, one a group. */
interface BarSeries {
  readonly name: string;
  /** Finite, not negative. */
  readonly values: readonly number[];
}

export interface BarChart {
  /** What the chart shows, for those who cannot see it. It is not drawn. */
  readonly title: string;
  readonly x: { readonly label: string };
  readonly y: { readonly label: string };
  /** Names of the groups, from the left. */
  readonly groups: readonly string[];
  /** A bar in every group, in this order. */
  readonly series: readonly BarSeries[];
  /** A line across the bars of every group: what they should be. */
  readonly reference: BarSeries;
}

/** Pixels of the drawing's own grid. */
export const WIDTH = 760;
const FRAME_HEIGHT = 280;
const MARGINS = { marginLeft: 60, marginRight: 16 };
const LABEL_HEIGHT = 40;
const SWATCH = 14;

/** Share of a group's width that is left free beside its bars, on each side. */
const FREE = 0.1;

/** The chart as the text of an SVG element. The same chart always gives the same text. */
export function barChart({ title, x, y, groups, series, reference }: BarChart): string {
  const names = [...series, reference].map(({ name }) => name);
  const legend = legendPlaces(names, { left: MARGINS.marginLeft, width: WIDTH, sample: SWATCH });
  const marginTop = legend.height + LABEL_HEIGHT;
  const labels = groupLabels(groups);
  const marginBottom = labels.height + 34;
  return drawingText(title, {
    width: WIDTH,
    height: marginTop + FRAME_HEIGHT + marginBottom,
    marginTop,
    marginBottom,
    ...MARGINS,
    axis: null,
    x: { domain: [0, groups.length] },
    y: { nice: true, zero: true },
    marks: [
      Plot.gridY({ ticks: 6, strokeOpacity: 0.15 }),
      Plot.axisY({ ticks: 6, tickSize: 0, tickFormat: formatTick, label: null }),
      labelAt({ x: 4, y: marginTop - 24 }, y.label),
      series.map((bars, index) => barMarks(bars, index, series.length)),
      Plot.frame({ anchor: "bottom", strokeOpacity: 0.5 }),
      referenceMarks(reference),
      groupAxis(groups, labels.rotate, x.label, marginBottom),
      series.map((_, index) => swatch(legend.places[index]!.sample, index)),
      referenceSample(legend.places.at(-1)!.sample),
      names.map((name, index) => labelAt(legend.places[index]!.name, name)),
    ],
  });
}

function barMarks({ values }: BarSeries, index: number, count: number): Plot.Markish {
  const width = (1 - 2 * FREE) / count;
  const left = (group: number) => group + FREE + index * width;
  const bars = values.map((value, group) => ({ x1: left(group), x2: left(group) + width, y1: 0, y2: value }));
  return Plot.rect(bars, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: color(index), insetRight: 1 });
}

/** Wider than the bars, so that each end is seen beside them. */
function referenceMarks({ values }: BarSeries): Plot.Markish {
  const lines = values.map((y, group) => ({ x1: group + FREE / 2, x2: group + 1 - FREE / 2, y }));
  return Plot.ruleY(lines, { x1: "x1", x2: "x2", y: "y", stroke: "currentColor", strokeWidth: 2 });
}

/** Names of groups lie flat where there is room, and otherwise aslant. */
function groupLabels(groups: readonly string[]): { rotate: number; height: number } {
  const longest = Math.max(...groups.map(textWidth));
  const room = (WIDTH - MARGINS.marginLeft - MARGINS.marginRight) / groups.length;
  return longest < room - 6 ? { rotate: 0, height: FONT_SIZE } : { rotate: -40, height: FONT_SIZE + 0.64 * longest };
}

function groupAxis(groups: readonly string[], rotate: number, label: string, marginBottom: number): Plot.Markish {
  return Plot.axisX({
    ticks: groups.map((_, group) => group + 0.5),
    tickFormat: (x: number) => groups[Math.floor(x)]!,
    tickSize: 0,
    tickPadding: 8,
    tickRotate: rotate,
    label,
    labelAnchor: "center",
    labelArrow: "none",
    labelOffset: marginBottom - 4,
  });
}

function swatch({ x, y }: Point, index: number): Plot.Markish {
  const [top, bottom] = [y - SWATCH / 2, y + SWATCH / 2];
  const corners = [
    { x, y: top },
    { x: x + SWATCH, y: top },
    { x: x + SWATCH, y: bottom },
    { x, y: bottom },
  ];
  return Plot.line(corners, { ...IN_PIXELS, fill: color(index), stroke: "none" });
}

function referenceSample({ x, y }: Point): Plot.Markish {
  const ends = [
    { x, y },
    { x: x + SWATCH, y },
  ];
  return Plot.line(ends, { ...IN_PIXELS, stroke: "currentColor", strokeWidth: 2 });
}
