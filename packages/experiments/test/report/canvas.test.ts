import { expect, test } from "vitest";
import { type Color, canvasOf } from "../../src/report/canvas.ts";

const [BLACK, RED, BLUE]: Color[] = [
  [0, 0, 0],
  [255, 0, 0],
  [0, 0, 255],
];

/** Rows of a canvas: a dot for black, else the first letter of the colour. */
function drawn({ picture: { width, height, data } }: ReturnType<typeof canvasOf>): string[] {
  const letter = (at: number) => (data[at] === 255 ? "r" : data[at + 2] === 255 ? "b" : ".");
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => letter((y * width + x) * 3)).join(""),
  );
}

test("a dot is a disc, cut at the edges", () => {
  const canvas = canvasOf(5, 4, BLACK!);
  canvas.dot(1, 1, 1, RED!);
  canvas.dot(4, 3, 1, BLUE!);
  expect(drawn(canvas)).toEqual([".r...", "rrr..", ".r..b", "...bb"]);
});

test("a line goes from place to place, over what was there", () => {
  const canvas = canvasOf(5, 3, RED!);
  canvas.line([0, 0], [4, 2], 1, BLUE!);
  const rows = drawn(canvas);
  expect(rows[0]![0]).toBe("b");
  expect(rows[1]![2]).toBe("b");
  expect(rows[2]![4]).toBe("b");
  expect(rows.join("").split("b").length - 1).toBeLessThan(9);
});

test("a rectangle has whole pixels, and a line of no length is a dot", () => {
  const canvas = canvasOf(4, 3, BLACK!);
  canvas.fill(1, 0, 2, 2, BLUE!);
  canvas.line([3, 2], [3, 2], 1, RED!);
  expect(drawn(canvas)).toEqual([".bb.", ".bb.", "...r"]);
  expect(canvas.picture).toMatchObject({ width: 4, height: 3, channels: 3 });
});
