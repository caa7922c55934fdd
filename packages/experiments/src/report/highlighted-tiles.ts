/** Images in which some pixels are highlighted. Pure: the same code runs in Node and in a page. */

import { type Picture, tileImages } from "./pixels.ts";

export interface HighlightedImage {
  /** Bytes, `height * width` of them. */
  readonly image: Uint8Array;
  /** Not 0 for a pixel to be highlighted. */
  readonly marks: ArrayLike<number>;
}

/** Ink and ground of what is highlighted, and the share of light that the rest keeps. */
const INK = [0xff, 0xff, 0xff] as const;
const GROUND = [0x00, 0x4c, 0x80] as const;
const DIMMED = 0.45;

const SCALE = 3;
const GAP = 4;

/**
 * A grid of images, row by row: highlighted pixels on blue, the others dimmed.
 *
 * @throws RangeError as `tileImages`
 */
export function highlightedTiles(
  images: readonly HighlightedImage[],
  { height, width, columns }: { height: number; width: number; columns: number },
): Picture {
  const layout = { height, width, columns, scale: SCALE, gap: GAP, background: 0 };
  const join = (of: (pixel: number, isMarked: boolean) => number) =>
    tileImages(
      Uint8Array.from(images.flatMap(({ image, marks }) => Array.from(image, (pixel, i) => of(pixel, marks[i] !== 0)))),
      layout,
    );
  const channels = [0, 1, 2].map((channel) =>
    join((pixel, isMarked) => {
      if (!isMarked) return Math.round(DIMMED * pixel);
      return Math.round(GROUND[channel]! + ((INK[channel]! - GROUND[channel]!) * pixel) / 255);
    }),
  );
  const [{ width: across, height: down }] = channels as [Picture];
  const data = Uint8Array.from({ length: across * down * 3 }, (_, i) => channels[i % 3]!.data[Math.floor(i / 3)]!);
  return { width: across, height: down, channels: 3, data };
}
