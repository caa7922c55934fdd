/** Ink on a small image, as a pen leaves it, an eraser takes it away, and a photograph has it. */

import type { Picture } from "@softdraw/experiments/report/pixels";

const SIDE = 28;
/** In pixels of the image: full ink within the first, none beyond the second. */
const [CORE, REACH] = [0.75, 1.9];

interface Point {
  readonly x: number;
  readonly y: number;
}

export type Tool = "pen" | "eraser";

/** An eraser is this much wider than a pen. */
const ERASER = 1.8;

/** The image with a stroke from one point to another: a pen only adds ink, an eraser only takes it. */
export function withStroke(image: Uint8Array, from: Point, to: Point, tool: Tool = "pen"): Uint8Array<ArrayBuffer> {
  const scale = tool === "pen" ? 1 : ERASER;
  const inked = Uint8Array.from(image);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const distance = distanceTo({ x: column + 0.5, y: row + 0.5 }, from, to) / scale;
      const share = Math.min(1, Math.max(0, (REACH - distance) / (REACH - CORE)));
      const at = row * SIDE + column;
      const [ink, left] = [Math.round(255 * share), Math.round(255 * (1 - share))];
      inked[at] = tool === "pen" ? Math.max(inked[at]!, ink) : Math.min(inked[at]!, left);
    }
  }
  return inked;
}

/** From a point to the nearest of a line's. */
function distanceTo({ x, y }: Point, from: Point, to: Point): number {
  const [across, down] = [to.x - from.x, to.y - from.y];
  const length = across ** 2 + down ** 2;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from.x) * across + (y - from.y) * down) / length));
  return Math.hypot(x - from.x - along * across, y - from.y - along * down);
}

/** The longer side of the ink of an embedded digit. */
const INKED = 20;
/** What is lighter than this, of the darkest, is taken for paper. */
const PAPER = 0.25;

/**
 * A picture of a digit as the embedded ones are: light ink on black, the ink 20 pixels high or wide, in the middle by its mean.
 *
 * @throws RangeError where there is no ink
 */
export function digitOf({ width, height, channels, data }: Picture): Uint8Array<ArrayBuffer> {
  const grey = Float64Array.from({ length: width * height }, (_, at) => {
    if (channels === 1) return data[at]!;
    return 0.299 * data[3 * at]! + 0.587 * data[3 * at + 1]! + 0.114 * data[3 * at + 2]!;
  });
  const paper = medianOf(grey);
  const most = grey.reduce((most, value) => Math.max(most, Math.abs(value - paper)), 0);
  if (most < 16) throw new RangeError("Expected a picture with something on it, got one that is all of one shade.");
  const ink = grey.map((value) => Math.max(0, (Math.abs(value - paper) / most - PAPER) / (1 - PAPER)));
  const inked = [...ink.keys()].filter((at) => ink[at]! > 0);
  const [columns, rows] = [inked.map((at) => at % width), inked.map((at) => Math.floor(at / width))];
  const [left, right, top, bottom] = [leastOf(columns), mostOf(columns), leastOf(rows), mostOf(rows)];
  const scale = Math.max(right - left + 1, bottom - top + 1) / INKED;
  const mean = (places: readonly number[]) => {
    const total = inked.reduce((sum, at) => sum + ink[at]!, 0);
    return places.reduce((sum, place, i) => sum + (place + 0.5) * ink[inked[i]!]!, 0) / total;
  };
  const [x, y] = [mean(columns), mean(rows)];
  return Uint8Array.from({ length: SIDE ** 2 }, (_, at) => {
    const across = x + ((at % SIDE) - SIDE / 2) * scale;
    const down = y + (Math.floor(at / SIDE) - SIDE / 2) * scale;
    return Math.round(255 * meanInk({ ink, width, height }, across, down, scale));
  });
}

/** Of the pixels that a square has the middles of, or of the one that it lies in. */
function meanInk(
  { ink, width, height }: { ink: Float64Array; width: number; height: number },
  left: number,
  top: number,
  side: number,
): number {
  const [firstRow, firstColumn] = [Math.floor(top), Math.floor(left)];
  const [lastRow, lastColumn] = [
    Math.max(firstRow + 1, Math.floor(top + side)),
    Math.max(firstColumn + 1, Math.floor(left + side)),
  ];
  let sum = 0;
  for (let row = Math.max(0, firstRow); row < Math.min(height, lastRow); row++) {
    for (let column = Math.max(0, firstColumn); column < Math.min(width, lastColumn); column++) {
      sum += ink[row * width + column]!;
    }
  }
  return Math.min(1, sum / ((lastRow - firstRow) * (lastColumn - firstColumn)));
}

function medianOf(values: Float64Array): number {
  return values.toSorted()[Math.floor(values.length / 2)]!;
}

function leastOf(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value));
}

function mostOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value));
}
