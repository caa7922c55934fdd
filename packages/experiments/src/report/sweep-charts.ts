/** What a sweep found, as SVG text: a measure against a parameter, and all parameters beside each other. */

import * as Plot from "@observablehq/plot";
import { color, drawingText, formatTick, IN_PIXELS, labelAt, type Point } from "./drawing.ts";

/** A parameter's axis: numbers, or names in their order. */
export interface ParameterAxis {
  readonly label: string;
  readonly log: boolean;
  /** Where the values are names; a value is then its place among them. */
  readonly names?: readonly string[];
}

export interface MeasureChart {
  /** What the chart shows, for those who cannot see it. It is not drawn: the page has a heading for it. */
  readonly title: string;
  readonly x: ParameterAxis;
  readonly y: { readonly label: string };
  readonly points: readonly MeasuredPoint[];
}

interface MeasuredPoint extends Point {
  /** Half the length of the bar through the point; NaN for none. */
  readonly halfWidth: number;
  readonly winner: boolean;
}

/** Pixels of the drawing's own grid. */
const WIDTH = 520;
const HEIGHT = 320;
const MARGINS = { marginLeft: 66, marginRight: 20, marginTop: 40, marginBottom: 46 };

/** A dot for every combination, a bar for its interval, and a ring around the winner. The same chart always gives the same text. */
export function measureChart({ title, x, y, points }: MeasureChart): string {
  const ranges = points
    .filter(({ halfWidth }) => !Number.isNaN(halfWidth))
    .map(({ x, y, halfWidth }) => ({ x, low: y - halfWidth, high: y + halfWidth }));
  const at = { x: "x", y: "y" } as const;
  return drawingText(title, {
    width: WIDTH,
    height: HEIGHT,
    ...MARGINS,
    axis: null,
    x: { type: x.log ? "log" : "linear", inset: 18 },
    y: { nice: true, inset: 8 },
    marks: [
      Plot.gridY({ ticks: 6, strokeOpacity: 0.15 }),
      Plot.frame({ anchor: "bottom", strokeOpacity: 0.5 }),
      Plot.axisY({ ticks: 6, tickSize: 0, tickFormat: formatTick, label: null }),
      parameterAxis(x, points),
      labelAt({ x: 4, y: 16 }, y.label),
      Plot.ruleX(ranges, { x: "x", y1: "low", y2: "high", stroke: color(0), strokeOpacity: 0.45, strokeWidth: 2 }),
      Plot.dot(points, { ...at, fill: color(0), r: 4 }),
      Plot.dot(
        points.filter(({ winner }) => winner),
        { ...at, stroke: color(1), strokeWidth: 2.5, r: 8 },
      ),
    ],
  });
}

function parameterAxis({ label, log, names }: ParameterAxis, points: readonly Point[]): Plot.Markish {
  const distinct = Array.from(new Set(points.map(({ x }) => x))).toSorted((a, b) => a - b);
  const few = names !== undefined || distinct.length <= MOST_TICKS;
  return Plot.axisX({
    ...(few ? { ticks: distinct } : { ticks: log ? 5 : 8 }),
    tickSize: 0,
    label: log ? `${label} (log scale)` : label,
    labelAnchor: "center",
    labelArrow: "none",
    tickFormat: (x: number) => names?.[x] ?? formatTick(x),
  });
}

const MOST_TICKS = 6;

/** With the value of every line. `ends` labels the lowest and the highest only, where a label for each would be in the way. */
interface ParallelAxis extends ParameterAxis {
  readonly values: readonly number[];
  readonly ends?: boolean;
}

export interface ParallelChart {
  readonly title: string;
  readonly axes: readonly ParallelAxis[];
  /** The line that wins, and the one that another measure would choose, by place among the values. */
  readonly winner: number | undefined;
  readonly other: number | undefined;
}

/** Parallel coordinates: an axis for every parameter, the measure the last, and a line for every combination. */
export function parallelChart({ title, axes, winner, other }: ParallelChart): string {
  const step = (WIDTH - 2 * SIDE) / Math.max(1, axes.length - 1);
  const places = axes.map((_, index) => SIDE + index * step);
  const scales = axes.map(scaleOf);
  const lines = Array.from({ length: axes[0]?.values.length ?? 0 }, (_, line) =>
    axes.map(({ values }, index) => ({ x: places[index]!, y: scales[index]!(values[line]!) })),
  );
  const drawn = (line: number | undefined, index: number, dash = "none") =>
    line === undefined
      ? []
      : Plot.line(lines[line]!, { ...IN_PIXELS, stroke: color(index), strokeWidth: 3, strokeDasharray: dash });
  const plain = lines.filter((line) => line.every(({ y }) => Number.isFinite(y)));
  return drawingText(title, {
    width: WIDTH,
    height: HEIGHT,
    margin: 0,
    axis: null,
    marks: [
      places.map((x) =>
        Plot.line(
          [
            { x, y: TOP },
            { x, y: BOTTOM },
          ],
          { ...IN_PIXELS, strokeOpacity: 0.5 },
        ),
      ),
      plain.map((line) => Plot.line(line, { ...IN_PIXELS, stroke: "currentColor", strokeOpacity: 0.25 })),
      drawn(other, 4, "7 4"),
      drawn(winner, 1),
      axes.map((axis, index) => axisTexts(axis, places[index]!, scales[index]!)),
    ],
  });
}

const SIDE = 60;
const TOP = 50;
const BOTTOM = HEIGHT - 24;

/** Pixels from the top, the largest value highest. An axis with one value has it in the middle. */
function scaleOf({ values, log }: ParallelAxis): (value: number) => number {
  const along = log ? Math.log : (value: number) => value;
  const finite = values.filter(Number.isFinite).map(along);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return (value) => (high > low ? BOTTOM - ((along(value) - low) / (high - low)) * (BOTTOM - TOP) : (TOP + BOTTOM) / 2);
}

function axisTexts(
  { label, names, values, ends = false }: ParallelAxis,
  x: number,
  scale: (value: number) => number,
): Plot.Markish {
  const distinct = Array.from(new Set(values.filter(Number.isFinite))).toSorted((a, b) => a - b);
  const shown = !ends && distinct.length <= MOST_TICKS ? distinct : [distinct[0]!, distinct.at(-1)!];
  const text = (value: number) => names?.[value] ?? formatTick(value);
  const halo = { stroke: "var(--ground, white)", strokeWidth: 4, fill: "currentColor" };
  return [
    Plot.text([{ x, y: TOP - 28 }], { ...IN_PIXELS, text: () => label, fontWeight: "bold" }),
    Plot.text(
      shown.map((value) => ({ x: x + 6, y: scale(value), text: text(value) })),
      { ...IN_PIXELS, text: "text", textAnchor: "start", ...halo },
    ),
  ];
}
