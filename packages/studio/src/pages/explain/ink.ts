/** Ink on a small image, as a pen leaves it. */

const SIDE = 28;
/** In pixels of the image: full ink within the first, none beyond the second. */
const [CORE, REACH] = [0.75, 1.9];

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The image with a stroke from one point to another; ink only adds up. */
export function withStroke(image: Uint8Array, from: Point, to: Point): Uint8Array<ArrayBuffer> {
  const inked = Uint8Array.from(image);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const distance = distanceTo({ x: column + 0.5, y: row + 0.5 }, from, to);
      const share = Math.min(1, Math.max(0, (REACH - distance) / (REACH - CORE)));
      const at = row * SIDE + column;
      inked[at] = Math.max(inked[at]!, Math.round(255 * share));
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
