/** Images side by side with labels and coloured frames. Pure: the same code runs in Node and in a page. */

import { type Picture, tileImages } from "./pixels.ts";

export interface MarkedTile {
  /** Bytes, `height * width` of them. */
  readonly image: Uint8Array;
  /** A whole number, drawn in the corner. */
  readonly label?: number;
  readonly mark: "none" | "query" | "wrong";
}

/** Blue and vermilion of Okabe and Ito, which the colour-blind can tell apart. */
const FRAMES = { query: [0x56, 0xb4, 0xe9], wrong: [0xd5, 0x5e, 0x00] } as const;
const LABEL = [0xff, 0xff, 0xff] as const;
const LABEL_GROUND = [0, 0, 0] as const;

const GAP = 8;
const SCALE = 2;
const FRAME = 3;

/** The digits in 3 by 5 pixels, a row a number from the top, its highest bit on the left. */
const GLYPHS = [
  [7, 5, 5, 5, 7],
  [2, 6, 2, 2, 7],
  [7, 1, 7, 4, 7],
  [7, 1, 7, 1, 7],
  [5, 5, 7, 1, 1],
  [7, 4, 7, 1, 7],
  [7, 4, 7, 5, 7],
  [7, 1, 1, 1, 1],
  [7, 5, 7, 5, 7],
  [7, 5, 7, 1, 7],
] as const;

type Color = readonly [number, number, number];
type Drawing = Picture & { readonly channels: 3 };

/**
 * A grid of images, row by row; `height` and `width` are those of one image.
 *
 * @throws RangeError as `tileImages`
 */
export function markedTiles(
  tiles: readonly MarkedTile[],
  { height, width, columns }: { height: number; width: number; columns: number },
): Picture {
  const images = new Uint8Array(tiles.length * height * width);
  tiles.forEach(({ image }, index) => {
    images.set(image, index * height * width);
  });
  const grey = tileImages(images, { height, width, columns, gap: GAP, scale: SCALE, background: 64 });
  const drawing = inColour(withMargin(grey));
  tiles.forEach(({ label, mark }, index) => {
    const left = GAP / 2 + (index % columns) * (width * SCALE + GAP);
    const top = GAP / 2 + Math.floor(index / columns) * (height * SCALE + GAP);
    const size = { width: width * SCALE, height: height * SCALE };
    if (mark !== "none") drawFrame(drawing, left, top, size, FRAMES[mark], mark === "wrong");
    if (label !== undefined) drawNumber(drawing, left, top, label);
  });
  return drawing;
}

/** A digit as an image of its own, white on black. */
export function glyphTile(digit: number): { image: Uint8Array; height: number; width: number } {
  const [height, width] = [9, 7].map((cells) => cells * GLYPH_SCALE) as [number, number];
  const image = Uint8Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width].map((at) => Math.floor(at / GLYPH_SCALE) - 2);
    return (GLYPHS[digit]?.[row!] ?? 0) & (4 >> column!) && column! >= 0 ? 255 : 0;
  });
  return { image, height, width };
}

const GLYPH_SCALE = 2;

/** Half a gap around the picture, so that the frames at its edge have room. */
function withMargin({ width, height, data }: Picture): Picture {
  const wide = { width: width + GAP, height: height + GAP };
  const bytes = new Uint8Array(wide.width * wide.height).fill(64);
  for (let y = 0; y < height; y++) {
    bytes.set(data.subarray(y * width, (y + 1) * width), (y + GAP / 2) * wide.width + GAP / 2);
  }
  return { ...wide, channels: 1, data: bytes };
}

function inColour({ width, height, data }: Picture): Drawing {
  const bytes = new Uint8Array(data.length * 3);
  for (let i = 0; i < bytes.length; i++) bytes[i] = data[Math.floor(i / 3)]!;
  return { width, height, channels: 3, data: bytes };
}

/** A frame outside the image; with `crossed`, a bar across its lower right corner for those who see no colour. */
function drawFrame(
  drawing: Drawing,
  left: number,
  top: number,
  { width, height }: { width: number; height: number },
  color: Color,
  crossed: boolean,
): void {
  fill(drawing, left - FRAME, top - FRAME, width + 2 * FRAME, FRAME, color);
  fill(drawing, left - FRAME, top + height, width + 2 * FRAME, FRAME, color);
  fill(drawing, left - FRAME, top, FRAME, height, color);
  fill(drawing, left + width, top, FRAME, height, color);
  const bar = Math.floor(width / 4);
  for (let i = 0; crossed && i < bar; i++) {
    fill(drawing, left + width - bar + i, top + height - bar + i, FRAME, FRAME, color);
    fill(drawing, left + width - 1 - i, top + height - bar + i, FRAME, FRAME, color);
  }
}

function drawNumber(drawing: Drawing, left: number, top: number, value: number): void {
  [...String(value)].forEach((digit, place) => {
    const x = left + place * 4 * SCALE;
    fill(drawing, x, top, 5 * SCALE, 7 * SCALE, LABEL_GROUND);
    GLYPHS[Number(digit)]!.forEach((bits, row) => {
      for (let column = 0; column < 3; column++) {
        if (bits & (4 >> column)) fill(drawing, x + (column + 1) * SCALE, top + (row + 1) * SCALE, SCALE, SCALE, LABEL);
      }
    });
  });
}

function fill(
  { width, height, data }: Drawing,
  left: number,
  top: number,
  across: number,
  down: number,
  color: Color,
): void {
  for (let y = Math.max(0, top); y < Math.min(height, top + down); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, left + across); x++) data.set(color, (y * width + x) * 3);
  }
}
