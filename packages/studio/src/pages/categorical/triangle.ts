/** The triangle of all mixtures of three classes, and the draws in it. */

import type { Surface } from "../../canvas.svelte.ts";

/** The first class at the lower left, the second at the lower right, the third at the top. */
export const classColors = ["first", "second", "third"] as const;
export const classNames = ["A", "B", "C"] as const;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Draws in a triangle, each a mixture of its corners. */
export interface Draws {
  /** `[draws, 3]`, row by row. */
  readonly relaxed: ArrayLike<number>;
  /** The class of each. */
  readonly choices: ArrayLike<number>;
}

export interface TrianglePicture {
  readonly draws: Draws | undefined;
  readonly probabilities: readonly number[];
  /** A draw that is followed, and where it goes as the temperature falls and rises: mixtures, from cold to hot. */
  readonly followed?: { readonly draw: number; readonly path: readonly (readonly number[])[] } | undefined;
}

export function drawTriangle(surface: Surface, { draws, probabilities, followed }: TrianglePicture): void {
  const corners = cornersIn(surface);
  drawFrame(surface, corners);
  if (draws !== undefined) drawCloud(surface, corners, draws, followed ? 0.3 : 0.42);
  drawLaw(surface, at(corners, probabilities, 0));
  if (draws !== undefined && followed !== undefined) {
    drawPath(
      surface,
      followed.path.map((mixture) => at(corners, mixture, 0)),
    );
    drawFollowed(surface, at(corners, draws.relaxed, 3 * followed.draw), draws.choices[followed.draw]!);
  }
}

interface Room {
  readonly width: number;
  readonly height: number;
  readonly em: number;
}

export function cornersIn({ width, height, em }: Room): [Point, Point, Point] {
  const [room, top] = [1.9 * em, 2.1 * em];
  const side = Math.min(width - 2 * room, ((height - room - top) * 2) / Math.sqrt(3));
  const rise = (side * Math.sqrt(3)) / 2;
  const [middle, base] = [width / 2, top + rise + (height - room - top - rise) / 2];
  return [
    { x: middle - side / 2, y: base },
    { x: middle + side / 2, y: base },
    { x: middle, y: base - rise },
  ];
}

/** The mixture of the corners that a row of weights says. */
export function at(corners: readonly Point[], weights: ArrayLike<number>, start: number): Point {
  let [x, y] = [0, 0];
  corners.forEach((corner, i) => {
    x += weights[start + i]! * corner.x;
    y += weights[start + i]! * corner.y;
  });
  return { x, y };
}

/** Of which mixture of the corners a point is; some weights are negative outside. */
export function mixtureAt([a, b, c]: readonly [Point, Point, Point], { x, y }: Point): [number, number, number] {
  const area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
  const ofB = ((x - a.x) * (c.y - a.y) - (c.x - a.x) * (y - a.y)) / area;
  const ofC = ((b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y)) / area;
  return [1 - ofB - ofC, ofB, ofC];
}

/** The draw whose dot is nearest to a point, if one is within reach. */
export function nearestDraw(corners: readonly Point[], { relaxed, choices }: Draws, point: Point, reach: number) {
  let [nearest, least]: [number | undefined, number] = [undefined, reach];
  for (let draw = 0; draw < choices.length; draw++) {
    const { x, y } = at(corners, relaxed, 3 * draw);
    const distance = Math.hypot(x - point.x, y - point.y);
    if (distance < least) [nearest, least] = [draw, distance];
  }
  return nearest;
}

function drawFrame({ context, color, em }: Surface, corners: readonly Point[]): void {
  const [a, b, c] = corners as [Point, Point, Point];
  context.lineJoin = "round";
  context.lineWidth = 1.25;
  context.strokeStyle = color("line");
  context.fillStyle = color("card");
  polygon(context, [a, b, c]);
  context.fill();
  // Where two classes are equal: lines from the middles of the sides to the centre.
  const center = at(corners, [1 / 3, 1 / 3, 1 / 3], 0);
  for (const [p, q] of [
    [a, b],
    [b, c],
    [c, a],
  ] as const) {
    polygon(context, [center, { x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 }]);
    context.stroke();
  }
  context.strokeStyle = color("muted");
  polygon(context, [a, b, c]);
  context.stroke();
  context.font = `600 ${1.15 * em}px "Source Serif", serif`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const places = [
    { x: a.x - 0.95 * em, y: a.y + 0.35 * em },
    { x: b.x + 0.95 * em, y: b.y + 0.35 * em },
    { x: c.x, y: c.y - 1 * em },
  ];
  places.forEach(({ x, y }, i) => {
    context.fillStyle = color(classColors[i]!);
    context.fillText(classNames[i]!, x, y);
  });
}

function polygon(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
  context.closePath();
}

/** Dots that let through what is below, so that where many lie is dark. In the colour of the class that each becomes. */
function drawCloud(
  { context, color, em }: Surface,
  corners: readonly Point[],
  { relaxed, choices }: Draws,
  opacity: number,
): void {
  const radius = 0.15 * em;
  context.globalAlpha = opacity;
  classColors.forEach((name, category) => {
    context.fillStyle = color(name);
    for (let draw = 0; draw < choices.length; draw++) {
      if (choices[draw] !== category) continue;
      const { x, y } = at(corners, relaxed, 3 * draw);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
  });
  context.globalAlpha = 1;
}

/** A ring with a cross, where the probabilities are: the mean of the hard draws. */
function drawLaw({ context, color, em }: Surface, { x, y }: Point): void {
  const radius = 0.5 * em;
  for (const [style, width] of [
    ["card", 5],
    ["ink", 2],
  ] as const) {
    context.strokeStyle = color(style);
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.moveTo(x - 1.6 * radius, y);
    context.lineTo(x + 1.6 * radius, y);
    context.moveTo(x, y - 1.6 * radius);
    context.lineTo(x, y + 1.6 * radius);
    context.stroke();
  }
}

function drawPath({ context, color }: Surface, points: readonly Point[]): void {
  context.strokeStyle = color("ink");
  context.lineWidth = 1.25;
  context.setLineDash([1, 4]);
  context.lineCap = "round";
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
  context.stroke();
  context.setLineDash([]);
  context.lineCap = "butt";
}

function drawFollowed({ context, color, em }: Surface, { x, y }: Point, choice: number): void {
  for (const [style, radius] of [
    ["ink", 0.52],
    ["card", 0.4],
    [classColors[choice]!, 0.3],
  ] as const) {
    context.fillStyle = color(style);
    context.beginPath();
    context.arc(x, y, radius * em, 0, 2 * Math.PI);
    context.fill();
  }
}
