import { expect, test } from "vitest";
import { type Cell, cellPicture } from "../../src/report/cells.ts";

test("each cell is a square of its colour, between black lines", () => {
  const cells: Cell[][] = [
    ["right", "wrong", "none"],
    ["missed", "none", "right"],
  ];
  const { width, height, channels, data } = cellPicture(cells);
  expect({ width, height, channels }).toEqual({ width: 3 * 14 + 2, height: 2 * 14 + 2, channels: 3 });
  expect(data).toHaveLength(width * height * 3);
  const colorAt = (x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)].join();
  const middle = cells.map((row, y) => row.map((_, x) => colorAt(2 + 14 * x + 6, 2 + 14 * y + 6)));
  expect(middle[0]![0]).toBe(middle[1]![2]);
  expect(middle[0]![2]).toBe(middle[1]![1]);
  expect(new Set(middle.flat()).size).toBe(4);
  for (const [x, y] of [[0, 0], [1, 8], [15, 8], [8, 15], [43, 29]] as const) expect(colorAt(x, y)).toBe("0,0,0"); // biome-ignore format: one line
});
