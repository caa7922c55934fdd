/** Charts as SVG text: legible on light and dark ground, and without colour. */

import * as Plot from "@observablehq/plot";
import { color, drawingText, formatTick, IN_PIXELS, labelAt, legendPlaces, type Point } from "./drawing.ts";

export type { Point };

/** A named line. Its points are joined in the order given. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface LineChart {
  /** What the chart shows, for those who cannot see it. It is not drawn: the page has a heading for it. */
  readonly title: string;
  readonly x: { readonly label: string };
  readonly y: { readonly label: string; readonly log?: boolean };
  readonly series: readonly Series[];
}

/** Pixels of the drawing's own grid. It is narrow so that its text is still legible when shrunk to a phone. */
const WIDTH = 520;
const FRAME_HEIGHT = 240;
const MARGINS = { marginLeft: 66, marginRight: 20, marginBottom: 46 };
const LABEL_HEIGHT = 40;
const LEGEND = { left: MARGINS.marginLeft, width: WIDTH, sample: 30 };

/** Lines with more points than this are drawn without a symbol at each: they would hide the line. */
const MOST_SYMBOLS = 30;

/** Six colours and five dashes have no common divisor, so the first thirty pairs all differ. */
const DASHES = ["none", "7 4", "2 4", "10 4 2 4", "14 5"];
const SYMBOLS = ["circle", "square", "triangle", "diamond", "star"] as const;

/**
 * A line chart as the text of an SVG element.
 *
 * Points that cannot be drawn (not finite, or not positive on a logarithmic axis) leave a gap in the line. Text and
 * axes have the colour of the surrounding text. The same chart always gives the same text.
 */
export function lineChart({ title, x, y, series }: LineChart): string {
  const lines = series.map((line) => ({ ...line, points: placeable(line.points, y.log ?? false) }));
  const legend = legendPlaces(
    series.map((line) => line.name),
    LEGEND,
  );
  const marginTop = legend.height + LABEL_HEIGHT;
  return drawingText(title, {
    width: WIDTH,
    height: marginTop + FRAME_HEIGHT + MARGINS.marginBottom,
    marginTop,
    ...MARGINS,
    axis: null,
    x: { inset: 10 },
    y: { type: y.log ? "log" : "linear", nice: true },
    marks: [
      axes(lines, x.label),
      labelAt({ x: 4, y: marginTop - 24 }, y.log ? `${y.label} (log scale)` : y.label),
      lines.map((line, index) => seriesMarks(line, index)),
      lines.map((line, index) => legendMarks(line, index, legend.places[index]!)),
    ],
  });
}

/** Points with NaN, which the line skips, for heights that have no place on the axis. */
function placeable(points: readonly Point[], log: boolean): Point[] {
  const hasPlace = (y: number) => Number.isFinite(y) && (!log || y > 0);
  return points.filter((p) => Number.isFinite(p.x)).map((p) => ({ x: p.x, y: hasPlace(p.y) ? p.y : Number.NaN }));
}

function axes(lines: readonly Series[], xLabel: string): Plot.Markish {
  const points = lines.flatMap((line) => line.points).filter((p) => !Number.isNaN(p.y));
  if (points.length === 0) return Plot.text(["No finite values"], { frameAnchor: "middle" });
  const whole = points.every((p) => Number.isInteger(p.x));
  // There is no epoch 1.5: where every point has a whole number, only whole numbers are labelled.
  const xFormat = (x: number) => (whole && !Number.isInteger(x) ? "" : formatTick(x));
  return [
    Plot.gridY({ ticks: 6, strokeOpacity: 0.15 }),
    Plot.frame({ anchor: "bottom", strokeOpacity: 0.5 }),
    Plot.axisY({ ticks: 6, tickSize: 0, tickFormat: formatTick, label: null }),
    Plot.axisX({
      ticks: 8,
      tickSize: 0,
      tickFormat: xFormat,
      label: xLabel,
      labelAnchor: "center",
      labelArrow: "none",
    }),
  ];
}

/** The line, with a symbol at each point where there is room for it. */
function seriesMarks({ points }: Series, index: number): Plot.Markish {
  const line = lineMark(points, index, { x: "x", y: "y" });
  return showsSymbols(points) ? [line, symbolMark(points, index, { x: "x", y: "y" })] : [line];
}

/** A short piece of the line as it is drawn in the frame, and its name. */
function legendMarks({ name, points }: Series, index: number, place: { sample: Point; name: Point }): Plot.Markish {
  const { x, y } = place.sample;
  const [start, middle, end] = [0, LEGEND.sample / 2, LEGEND.sample].map((along) => ({ x: x + along, y }));
  return [
    lineMark([start!, end!], index, IN_PIXELS),
    showsSymbols(points) ? symbolMark([middle!], index, IN_PIXELS) : [],
    labelAt(place.name, name),
  ];
}

type Position = typeof IN_PIXELS | { x: "x"; y: "y" };

function lineMark(points: readonly Point[], index: number, position: Position): Plot.Markish {
  const dash = DASHES[index % DASHES.length]!;
  return Plot.line(points, { ...position, stroke: color(index), strokeWidth: 2, strokeDasharray: dash });
}

function symbolMark(points: readonly Point[], index: number, position: Position): Plot.Markish {
  return Plot.dot(points, { ...position, fill: color(index), r: 3.5, symbol: SYMBOLS[index % SYMBOLS.length]! });
}

function showsSymbols(points: readonly Point[]): boolean {
  return points.length <= MOST_SYMBOLS;
}
