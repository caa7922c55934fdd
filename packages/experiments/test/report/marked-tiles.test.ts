import { describe, expect, test } from "vitest";
import { type MarkedTile, markedTiles } from "../../src/report/marked-tiles.ts";
import type { Picture } from "../../src/report/pixels.ts";

const [HEIGHT, WIDTH] = [20, 28];
/** Pixels of the picture for one of the image; between two images; and around the grid. */
const [SCALE, GAP, MARGIN] = [2, 8, 4];
const [GREY, WHITE, BLACK] = ["64 64 64", "255 255 255", "0 0 0"];
const [BLUE, RED] = ["86 180 233", "213 94 0"];

/** An image of one grey, which no frame, label or background has. */
const INK = 150;
const tile = (label: number, mark: MarkedTile["mark"] = "none", ink = INK): MarkedTile => ({
  image: new Uint8Array(HEIGHT * WIDTH).fill(ink),
  label,
  mark,
});

const draw = (tiles: readonly MarkedTile[], columns = tiles.length) =>
  markedTiles(tiles, { height: HEIGHT, width: WIDTH, columns });

function pixel({ width, data }: Picture, x: number, y: number): string {
  return data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3).join(" ");
}

/** The top left corner of a tile's image. */
const corner = (row: number, column: number) => ({
  left: MARGIN + column * (WIDTH * SCALE + GAP),
  top: MARGIN + row * (HEIGHT * SCALE + GAP),
});

/** The digits of a label as text, seven rows with the ground around them. */
function labelText(picture: Picture, row: number, column: number, digits = 1): string[] {
  const { left, top } = corner(row, column);
  return Array.from({ length: 7 }, (_, y) =>
    Array.from({ length: 4 * digits + 1 }, (_, x) => {
      const color = pixel(picture, left + x * SCALE, top + y * SCALE);
      return color === WHITE ? "#" : color === BLACK ? "." : "?";
    }).join(""),
  );
}

/** The colour of the frame in the middle of each side, and just beyond it. */
function frameOf(picture: Picture, row: number, column: number) {
  const { left, top } = corner(row, column);
  const [right, bottom] = [left + WIDTH * SCALE - 1, top + HEIGHT * SCALE - 1];
  const [x, y] = [left + WIDTH, top + HEIGHT];
  const sides = (out: number) => [
    pixel(picture, left - out, y),
    pixel(picture, right + out, y),
    pixel(picture, x, top - out),
    pixel(picture, x, bottom + out),
  ];
  return { inside: sides(0), nearest: sides(1), farthest: sides(3), beyond: sides(4) };
}

describe("markedTiles", () => {
  test("has a tile for each image, gaps between them, and half a gap around", () => {
    const picture = draw([0, 1, 2, 3, 4].map((label) => tile(label)), 3); // biome-ignore format: one line
    expect(picture).toMatchObject({
      width: 3 * (WIDTH * SCALE + GAP),
      height: 2 * (HEIGHT * SCALE + GAP),
      channels: 3,
    });
    expect(picture.data).toHaveLength(picture.width * picture.height * 3);
    // The sixth place is empty.
    const { left, top } = corner(1, 2);
    expect(pixel(picture, left + WIDTH, top + HEIGHT)).toBe(GREY);
    expect(pixel(picture, 0, 0)).toBe(GREY);
  });

  test("shows each image in its place, enlarged", () => {
    const bytes = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => (i % 200) + 20);
    const picture = draw([tile(0), tile(0), tile(0), { ...tile(0), image: bytes }], 2);
    const { left, top } = corner(1, 1);
    for (const [x, y] of [
      [WIDTH - 1, 0],
      [0, HEIGHT - 1],
      [17, 11],
      [WIDTH - 1, HEIGHT - 1],
    ] as const) {
      const grey = Array(3)
        .fill(bytes[y * WIDTH + x])
        .join(" ");
      expect(pixel(picture, left + SCALE * x, top + SCALE * y)).toBe(grey);
      expect(pixel(picture, left + SCALE * x + 1, top + SCALE * y + 1)).toBe(grey);
    }
  });

  test("frames a query in blue and a wrong neighbour in red, outside of the image; others not at all", () => {
    const picture = draw([tile(1, "query"), tile(1), tile(2, "wrong"), tile(1)], 2);
    const ink = Array(4).fill(`${INK} ${INK} ${INK}`);
    const expectFrame = (row: number, column: number, color: string) => {
      const { inside, nearest, farthest } = frameOf(picture, row, column);
      expect(inside).toEqual(ink);
      expect([nearest, farthest]).toEqual([Array(4).fill(color), Array(4).fill(color)]);
    };
    expectFrame(0, 0, BLUE);
    expectFrame(1, 0, RED);
    expect(frameOf(picture, 0, 1).nearest).toEqual(Array(4).fill(GREY));
    expect(frameOf(picture, 1, 1).inside).toEqual(ink);
  });

  test("the frames of neighbours do not meet, and those at the edge are whole", () => {
    const picture = draw([tile(1, "wrong"), tile(2, "wrong")]);
    const { left, top } = corner(0, 1);
    expect([3, 4, 5, 6].map((out) => pixel(picture, left - out, top + HEIGHT))).toEqual([RED, GREY, GREY, RED]);
    expect(pixel(picture, MARGIN - 3, MARGIN - 3)).toBe(RED);
    expect(pixel(picture, picture.width - MARGIN + 2, picture.height - MARGIN + 2)).toBe(RED);
    expect(pixel(picture, picture.width - MARGIN + 3, MARGIN)).toBe(GREY);
  });

  test("a wrong neighbour is told without colour too: its lower right corner is crossed, a query's is not", () => {
    const picture = draw([tile(1, "wrong"), tile(1, "query")]);
    const cornerOf = (column: number) => {
      const { left, top } = corner(0, column);
      return pixel(picture, left + WIDTH * SCALE - 4, top + HEIGHT * SCALE - 4);
    };
    expect(cornerOf(0)).toBe(RED);
    expect(cornerOf(1)).toBe(`${INK} ${INK} ${INK}`);
  });

  test("draws the label in the corner, white on black", () => {
    const picture = draw([tile(2), tile(7, "query")]);
    expect(labelText(picture, 0, 0)).toEqual([".....", ".###.", "...#.", ".###.", ".#...", ".###.", "....."]);
    expect(labelText(picture, 0, 1)).toEqual([".....", ".###.", "...#.", "...#.", "...#.", "...#.", "....."]);
  });

  test("every digit has a sign of its own, and numbers of several digits are read from left to right", () => {
    const picture = draw([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((label) => tile(label)), 11); // biome-ignore format: one line
    const signs = Array.from({ length: 10 }, (_, digit) => labelText(picture, 0, digit).join("\n"));
    expect(new Set(signs).size).toBe(10);
    expect(signs.join("")).not.toContain("?");
    const [one, zero] = [labelText(picture, 0, 1), labelText(picture, 0, 0)];
    expect(labelText(picture, 0, 10, 2)).toEqual(one.map((row, y) => row + zero[y]!.slice(1)));
  });

  test("refuses no tiles at all", () => {
    expect(() => draw([], 1)).toThrow("got 0 values");
  });
});
