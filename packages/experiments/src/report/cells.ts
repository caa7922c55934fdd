/** A grid of coloured cells. Pure: the same code runs in Node and in a page. */

import type { Picture } from "./pixels.ts";

/** What a cell stands for: chosen rightly or wrongly, missed, or nothing. */
export type Cell = "right" | "wrong" | "missed" | "none";

/** Blue and vermilion of Okabe and Ito, which the colour-blind can tell apart; greys. */
const COLORS = {
  right: [0x56, 0xb4, 0xe9],
  wrong: [0xd5, 0x5e, 0x00],
  missed: [0xb0, 0xb0, 0xb0],
  none: [0x40, 0x40, 0x40],
} as const;

const SIZE = 12;
const GAP = 2;

/** A cell of each row is `SIZE` pixels wide and high, with a black line between two. */
export function cellPicture(rows: readonly (readonly Cell[])[]): Picture {
  const extent = (cells: number) => cells * (SIZE + GAP) + GAP;
  const [width, height] = [extent(rows[0]?.length ?? 0), extent(rows.length)];
  const data = new Uint8Array(width * height * 3);
  rows.forEach((cells, row) => {
    cells.forEach((cell, column) => {
      const [top, left] = [extent(row), extent(column)];
      for (let y = top; y < top + SIZE; y++) {
        for (let x = left; x < left + SIZE; x++) data.set(COLORS[cell], (y * width + x) * 3);
      }
    });
  });
  return { width, height, channels: 3, data };
}
