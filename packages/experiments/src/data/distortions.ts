/** Random distortions of images, so that a training never sees the same image twice. */

import { type numpy as np, random } from "@jax-js/jax";

/** How far an image may be distorted: each number is drawn uniformly from minus to plus what is given here. */
export interface DistortionRanges {
  /** Pixels right and down. */
  readonly shift: number;
  /** Whether it is moved by whole pixels, each as likely as another, so that nothing is interpolated. */
  readonly wholePixels: boolean;
  /** Degrees. */
  readonly rotation: number;
  /** Shares by which width and height change, each by its own. */
  readonly scaling: number;
  /** Pixels right for every pixel down. */
  readonly shear: number;
  /** Whether every other image, at random, is mirrored left to right. */
  readonly mirror: boolean;
}

/**
 * Affine maps `[images, 6]`. With x and y counted from the middle of the image, the pixel at (x, y) comes from
 * (a x + b y + c, d x + e y + f) of the original.
 */
export type Distortions = Float32Array;

export const NUMBERS_A_DISTORTION = 6;

/** Random numbers that a distortion takes. */
const DRAWS = 7;

/**
 * Random distortions of `count` images: the same for the same key on every device.
 *
 * @param key PRNG key, consumed
 */
export async function randomDistortions(key: np.Array, count: number, ranges: DistortionRanges): Promise<Distortions> {
  const bits = await random.bits(key, [count * DRAWS]).data();
  const maps = new Float32Array(count * NUMBERS_A_DISTORTION);
  for (let image = 0; image < count; image++) {
    const drawn = (i: number) => (2 * (bits[image * DRAWS + i]! + 0.5)) / 2 ** 32 - 1;
    const move = (i: number) => (ranges.wholePixels ? wholePart(drawn(i), ranges.shift) : drawn(i) * ranges.shift);
    const angle = (drawn(0) * ranges.rotation * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    const width = (1 + drawn(1) * ranges.scaling) * (ranges.mirror && drawn(6) < 0 ? -1 : 1);
    const height = 1 + drawn(2) * ranges.scaling;
    const slant = drawn(3) * ranges.shear;
    maps.set(
      [
        ...[cosine * width, cosine * slant - sine * height, -move(4)],
        ...[sine * width, sine * slant + cosine * height, -move(5)],
      ],
      image * NUMBERS_A_DISTORTION,
    );
  }
  return maps;
}

/** A number from -1 to 1 as a whole number within the range: equal stretches go to each. */
function wholePart(drawn: number, range: number): number {
  const most = Math.floor(range);
  return Math.floor(((drawn + 1) / 2) * (2 * most + 1)) - most;
}

/**
 * Writes a distorted image, byte / 255, to `target` from index `to`. Between pixels it is interpolated (bilinear), and
 * what comes in from outside is background.
 */
export function distortInto(
  target: Float32Array,
  to: number,
  image: Uint8Array,
  { height, width }: { height: number; width: number },
  map: Distortions,
): void {
  const [a, b, c, d, e, f] = map as unknown as [number, number, number, number, number, number];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const pixel = (y: number, x: number) => (y >= 0 && y < height && x >= 0 && x < width ? image[y * width + x]! : 0);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = [column - middleX, row - middleY];
      const sourceX = a * x + b * y + c + middleX;
      const sourceY = d * x + e * y + f + middleY;
      const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)];
      const [right, down] = [sourceX - left, sourceY - top];
      const above = (1 - right) * pixel(top, left) + right * pixel(top, left + 1);
      const below = (1 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1);
      target[to++] = ((1 - down) * above + down * below) / 255;
    }
  }
}
