/** Pictures of numbers, made of the pictures of their digits side by side. */

import type { Dataset } from "./types.ts";

/** Numbers of at most so many digits are told apart by float32, too. */
export const MOST_DIGITS = 7;

/**
 * The numbers that digits make: the labels of `digits` rows each, the first the highest.
 *
 * @param rows rows of the data set, `digits` for each number
 */
export function numbersOf({ labels }: Dataset, rows: Uint32Array, digits: number): Uint32Array {
  const numbers = new Uint32Array(rows.length / digits);
  rows.forEach((row, i) => {
    const number = Math.floor(i / digits);
    numbers[number] = 10 * numbers[number]! + labels[row]!;
  });
  return numbers;
}

/**
 * The pictures of the same numbers, byte / 255, `[numbers, height + 2 margin, digits * width + 2 margin]`: `margin` pixels of
 * background around each.
 */
export function pictureNumbers(dataset: Dataset, rows: Uint32Array, digits: number, margin: number): Float32Array {
  const { height, width, images } = dataset;
  const across = digits * width;
  const pictures = new Float32Array(rows.length * height * width);
  rows.forEach((row, i) => {
    const left = (i % digits) * width;
    for (let y = 0; y < height; y++) {
      const to = (Math.floor(i / digits) * height + y) * across + left;
      const from = (row * height + y) * width;
      for (let x = 0; x < width; x++) pictures[to + x] = images[from + x]! / 255;
    }
  });
  return withMargins(pictures, { height, width: across }, margin);
}

/** Pictures `[count, height, width]` with `margin` pixels of background around each. */
export function withMargins(
  pictures: Float32Array,
  { height, width }: { readonly height: number; readonly width: number },
  margin: number,
): Float32Array {
  if (margin === 0) return pictures;
  const [down, across] = [height + 2 * margin, width + 2 * margin];
  const padded = new Float32Array((pictures.length / (height * width)) * down * across);
  for (let row = 0; row * width < pictures.length; row++) {
    const to = (Math.floor(row / height) * down + margin + (row % height)) * across + margin;
    padded.set(pictures.subarray(row * width, (row + 1) * width), to);
  }
  return padded;
}

/**
 * Where each number of a list may be, the smallest first: `[numbers, places]`, row after row. Equal numbers share their places
 * evenly, so that rows and columns sum to 1.
 */
export function truePlan(numbers: ArrayLike<number>): Float32Array {
  const n = numbers.length;
  const plan = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    let [smaller, equal] = [0, 0];
    for (let j = 0; j < n; j++) {
      if (numbers[j]! < numbers[i]!) smaller++;
      else if (numbers[j] === numbers[i]) equal++;
    }
    plan.fill(1 / equal, i * n + smaller, i * n + smaller + equal);
  }
  return plan;
}
