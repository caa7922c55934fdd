/** The picture that a link to the page is shown with: softened draws in their triangle, drawn when the page is built. */

import type { Plugin } from "vite";

const [WIDTH, HEIGHT] = [1200, 630];
const DRAWS = 2600;
/** Paper, and the colours of the three classes, as in the style sheet. */
const PAPER = [251, 250, 247] as const;
const COLORS = [
  [0, 114, 178],
  [188, 76, 8],
  [0, 128, 93],
] as const;
const OPACITY = 0.5;

export function previewPicture(): Plugin {
  return {
    name: "preview-picture",
    apply: "build",
    async generateBundle() {
      const { encodePicture } = await import("@softdraw/experiments/report/png");
      const { relaxed, noiseOf } = await import("../src/pages/start/draws.ts");
      const { relaxed: mixtures, choices } = relaxed(noiseOf(1, DRAWS), [0.3, 0, -0.1], 0.8);
      const data = new Uint8Array(WIDTH * HEIGHT * 3);
      for (let i = 0; i < data.length; i++) data[i] = PAPER[i % 3]!;
      const side = 620;
      const corners = [
        [WIDTH / 2 - side / 2, 580],
        [WIDTH / 2 + side / 2, 580],
        [WIDTH / 2, 580 - (side * Math.sqrt(3)) / 2],
      ] as const;
      choices.forEach((choice, draw) => {
        const place = (axis: 0 | 1) =>
          corners.reduce((sum, corner, i) => sum + mixtures[3 * draw + i]! * corner[axis], 0);
        dot(data, place(0), place(1), 5, COLORS[choice]!);
      });
      const source = encodePicture({ width: WIDTH, height: HEIGHT, channels: 3, data });
      this.emitFile({ type: "asset", fileName: "preview.png", source });
    },
  };
}

function dot(data: Uint8Array, x: number, y: number, radius: number, color: readonly number[]): void {
  for (let row = Math.floor(y - radius); row <= y + radius + 1; row++) {
    for (let column = Math.floor(x - radius); column <= x + radius + 1; column++) {
      // The rim is as dense as the dot covers it, nearly.
      const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(column - x, row - y)));
      if (cover === 0 || row < 0 || row >= HEIGHT || column < 0 || column >= WIDTH) continue;
      const at = 3 * (row * WIDTH + column);
      for (let channel = 0; channel < 3; channel++) {
        const before = data[at + channel]!;
        data[at + channel] = Math.round(before + OPACITY * cover * (color[channel]! - before));
      }
    }
  }
}
