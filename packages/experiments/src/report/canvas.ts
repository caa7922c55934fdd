/** A picture to draw lines and dots on. Pure: the same code runs in Node and in a page. */

import type { Picture } from "./pixels.ts";

export type Color = readonly [red: number, green: number, blue: number];

export interface Canvas {
  readonly picture: Picture;
  /** A rectangle, in whole pixels. */
  fill(left: number, top: number, width: number, height: number, color: Color): void;
  /** A disc around a place, in pixels from the top left. */
  dot(x: number, y: number, radius: number, color: Color): void;
  /** A line of this width, with round ends. */
  line(from: readonly [x: number, y: number], to: readonly [x: number, y: number], width: number, color: Color): void;
}

export function canvasOf(width: number, height: number, background: Color): Canvas {
  const data = new Uint8Array(width * height * 3);
  const canvas: Canvas = {
    picture: { width, height, channels: 3, data },
    fill(left, top, wide, high, color) {
      for (let row = top; row < top + high; row++) {
        for (let column = left; column < left + wide; column++) data.set(color, (row * width + column) * 3);
      }
    },
    dot(x, y, radius, color) {
      for (let row = Math.max(0, Math.ceil(y - radius)); row <= Math.min(height - 1, y + radius); row++) {
        for (let column = Math.max(0, Math.ceil(x - radius)); column <= Math.min(width - 1, x + radius); column++) {
          if ((column - x) ** 2 + (row - y) ** 2 <= radius ** 2) data.set(color, (row * width + column) * 3);
        }
      }
    },
    line([x0, y0], [x1, y1], thickness, color) {
      // Discs at most half a pixel apart.
      const discs = Math.max(1, Math.ceil(2 * Math.hypot(x1 - x0, y1 - y0)));
      for (let i = 0; i <= discs; i++) {
        const share = i / discs;
        canvas.dot(x0 + share * (x1 - x0), y0 + share * (y1 - y0), thickness / 2, color);
      }
    },
  };
  canvas.fill(0, 0, width, height, background);
  return canvas;
}
