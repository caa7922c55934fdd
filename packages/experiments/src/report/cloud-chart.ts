/** Clouds of points around one place, a panel each on the same scale, as SVG text. */

import * as Plot from "@observablehq/plot";
import { color, drawingText, FONT_SIZE, formatTick, IN_PIXELS, labelAt, type Point } from "./drawing.ts";

interface Cloud {
  readonly name: string;
  readonly points: readonly Point[];
  readonly mean: Point;
}

export interface CloudChart {
  /** What the chart shows, for those who cannot see it. It is not drawn. */
  readonly title: string;
  /** Said below the panels. */
  readonly caption: string;
  readonly clouds: readonly Cloud[];
}

/** Pixels of the drawing's own grid. */
export const WIDTH = 840;
const COLUMNS = 4;
const GAP = 12;
const MARGIN = 8;
const TITLE_HEIGHT = 24;
const CAPTION_HEIGHT = 34;
const SIDE = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS;

/** The share of all points that has its place; what is further out is drawn at the edge. */
const INSIDE = 0.98;

/**
 * The clouds as the text of an SVG element: dots, a ring at the mean of each, and a cross at the origin, where it should
 * be. The same chart always gives the same text.
 */
export function cloudChart({ title, caption, clouds }: CloudChart): string {
  const reach = reachOf(clouds.flatMap(({ points, mean }) => [...points, mean]));
  const rows = Math.ceil(clouds.length / COLUMNS);
  const height = 2 * MARGIN + rows * (SIDE + TITLE_HEIGHT + GAP) + CAPTION_HEIGHT;
  const said = `${caption} From side to side ${formatTick(Number((2 * reach).toPrecision(3)))}.`;
  return drawingText(title, {
    width: WIDTH,
    height,
    margin: 0,
    axis: null,
    marks: [
      clouds.map((cloud, index) => panel(cloud, index, reach)),
      labelAt({ x: MARGIN, y: height - MARGIN - FONT_SIZE }, said),
    ],
  });
}

/** How far from the origin the edge of a panel is. */
function reachOf(points: readonly Point[]): number {
  const distances = points.map(({ x, y }) => Math.max(Math.abs(x), Math.abs(y))).sort((a, b) => a - b);
  return distances[Math.ceil(INSIDE * distances.length) - 1] || distances.at(-1) || 1;
}

function panel({ name, points, mean }: Cloud, index: number, reach: number): Plot.Markish {
  const left = MARGIN + (index % COLUMNS) * (SIDE + GAP);
  const top = MARGIN + Math.floor(index / COLUMNS) * (SIDE + TITLE_HEIGHT + GAP) + TITLE_HEIGHT;
  const [middleX, middleY] = [left + SIDE / 2, top + SIDE / 2];
  const inside = (share: number) => Math.max(-1, Math.min(1, share)) * (SIDE / 2 - 4);
  const place = ({ x, y }: Point) => ({ x: middleX + inside(x / reach), y: middleY - inside(y / reach) });
  const corners = [
    { x: left, y: top },
    { x: left + SIDE, y: top },
    { x: left + SIDE, y: top + SIDE },
    { x: left, y: top + SIDE },
    { x: left, y: top },
  ];
  const across = [
    { x: left, y: middleY },
    { x: left + SIDE, y: middleY },
  ];
  const along = [
    { x: middleX, y: top },
    { x: middleX, y: top + SIDE },
  ];
  return [
    Plot.line(corners, { ...IN_PIXELS, strokeOpacity: 0.4 }),
    [across, along].map((line) => Plot.line(line, { ...IN_PIXELS, strokeOpacity: 0.5 })),
    Plot.dot(points.map(place), { ...IN_PIXELS, r: 1.6, fill: color(0), fillOpacity: 0.5 }),
    Plot.dot([place(mean)], { ...IN_PIXELS, r: 4, stroke: "white", strokeWidth: 3 }),
    Plot.dot([place(mean)], { ...IN_PIXELS, r: 4, stroke: color(1), strokeWidth: 1.5 }),
    labelAt({ x: left, y: top - TITLE_HEIGHT / 2 }, name),
  ];
}
