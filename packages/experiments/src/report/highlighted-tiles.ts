/** Images in which some pixels are highlighted. Pure: the same code runs in Node and in a page. */

import { type Picture, tileImages } from "./pixels.ts";

export interface HighlightedImage {
  /** Bytes, `height * width * channels` of them. */
  readonly image: Uint8Array;
  /** Not 0 for a pixel to be highlighted, `height * width`. */
  readonly marks: ArrayLike<number>;
}

/** Ink and ground of what is highlighted in grey images, and the share of light that the rest keeps. */
const INK = [0xff, 0xff, 0xff] as const;
const GROUND = [0x00, 0x4c, 0x80] as const;
const DIMMED = 0.45;

/** In colour nothing but light tells the rest apart. */
const DIMMED_COLOUR = 0.2;

const SCALE = 3;
const GAP = 4;

interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels?: 1 | 3;
  readonly columns: number;
  /** Pixels for one of an image, default 3. */
  readonly scale?: number;
}

/**
 * A grid of images, row by row: highlighted pixels of grey images on blue, of images in colour as they are, and the others
 * dimmed.
 *
 * @throws RangeError as `tileImages`
 */
export function highlightedTiles(
  images: readonly HighlightedImage[],
  { height, width, channels = 1, columns, scale = SCALE }: Layout,
): Picture {
  const size = height * width * 3;
  const bytes = new Uint8Array(images.length * size);
  images.forEach(({ image, marks }, index) => {
    for (let i = 0; i < size; i++) {
      const [pixel, channel] = [Math.floor(i / 3), i % 3];
      const isMarked = marks[pixel] !== 0;
      const color = channels === 3 ? inColour(image[i]!, isMarked) : inGrey(image[pixel]!, channel, isMarked);
      bytes[index * size + i] = Math.round(color);
    }
  });
  return tileImages(bytes, { height, width, channels: 3, columns, scale, gap: GAP, background: 0 });
}

function inGrey(light: number, channel: number, isMarked: boolean): number {
  if (!isMarked) return DIMMED * light;
  return GROUND[channel]! + ((INK[channel]! - GROUND[channel]!) * light) / 255;
}

function inColour(light: number, isMarked: boolean): number {
  return isMarked ? light : DIMMED_COLOUR * light;
}
