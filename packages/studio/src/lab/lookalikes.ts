/** Which of the embedded digits a drawing is most like: what a classifier of threes and eights cannot say. */

import type { Dataset } from "@softdraw/experiments/data/types";

export interface Lookalikes {
  /** What the nearest digits are, the nearest first. */
  readonly labels: readonly number[];
  /** Whether the drawing is further from all of them than nearly every digit is. */
  readonly isFar: boolean;
}

const NEAREST = 5;
const SIDE = 28;
const MIDDLE = (SIDE - 1) / 2;

/** Of the first 400 test digits 99 % are nearer than this to one that is trained on, with pixels from 0 to 1. */
const FAR = 7.7;

/** The digits that are nearest to an image by the squared differences of their pixels, both with their ink in the middle. */
export function lookalikes(image: Uint8Array, { images, labels, count }: Dataset): Lookalikes {
  const own = centred(image);
  const squares = new Float64Array(count);
  for (let row = 0, at = 0; row < count; row++) {
    let sum = 0;
    for (let pixel = 0; pixel < own.length; pixel++, at++) sum += (own[pixel]! - images[at]!) ** 2;
    squares[row] = sum;
  }
  const nearest = Array.from(squares, (_, row) => row)
    .sort((a, b) => squares[a]! - squares[b]!)
    .slice(0, NEAREST);
  return { labels: nearest.map((row) => labels[row]!), isFar: Math.sqrt(squares[nearest[0]!]!) / 255 > FAR };
}

/** Moved by whole pixels so that its ink has its mean in the middle, as that of the embedded digits has. */
export function centred(image: Uint8Array): Uint8Array<ArrayBuffer> {
  let [ink, x, y] = [0, 0, 0];
  image.forEach((value, at) => {
    ink += value;
    x += value * (at % SIDE);
    y += value * Math.floor(at / SIDE);
  });
  if (ink === 0) return Uint8Array.from(image);
  const [right, down] = [Math.round(MIDDLE - x / ink), Math.round(MIDDLE - y / ink)];
  return Uint8Array.from(image, (_, at) => {
    const [column, row] = [(at % SIDE) - right, Math.floor(at / SIDE) - down];
    const isInside = column >= 0 && column < SIDE && row >= 0 && row < SIDE;
    return isInside ? image[row * SIDE + column]! : 0;
  });
}
