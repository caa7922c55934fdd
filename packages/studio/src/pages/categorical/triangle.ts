/** The triangle of all mixtures of three classes, and the draws in it. */

import type { Surface } from "../../canvas.svelte.ts";

/** The first class at the lower left, the second at the lower right, the third at the top. */
export const classColors = ["first", "second", "third"] as const;
export const classNames = ["A", "B", "C"] as const;

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface TrianglePicture {
  /** `[draws, 3]`, row by row. */
  readonly relaxed: Float32Array;
  readonly choices: Uint8Array;
  readonly probabilities: readonly number[];
}

export function drawTriangle(surface: Surface, picture: TrianglePicture | undefined): void {
  const corners = cornersIn(surface);
  drawFrame(surface, corners);
  if (picture === undefined) return;
  drawCloud(surface, corners, picture);
  drawLaw(surface, at(corners, picture.probabilities, 0));
}

function cornersIn({ width, height, em }: Surface): [Point, Point, Point] {
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
function at(corners: readonly Point[], weights: ArrayLike<number>, start: number): Point {
  let [x, y] = [0, 0];
  corners.forEach((corner, i) => {
    x += weights[start + i]! * corner.x;
    y += weights[start + i]! * corner.y;
  });
  return { x, y };
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
function drawCloud({ context, color, em }: Surface, corners: readonly Point[], picture: TrianglePicture): void {
  const { relaxed, choices } = picture;
  const radius = 0.15 * em;
  context.globalAlpha = 0.42;
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
