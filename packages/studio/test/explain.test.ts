/** Ink that is drawn, taken away or photographed, and digits that a drawing is like. */

import { loadDigits } from "@softdraw/lab/data/digits";
import { describe, expect, test } from "vitest";
import { centred, lookalikes } from "../src/lab/lookalikes.ts";
import { digitOf, withStroke } from "../src/pages/explain/ink.ts";

const SIDE = 28;
const blank = () => new Uint8Array(SIDE ** 2);
const inkOf = (image: Uint8Array) => image.reduce((sum, value) => sum + value, 0);

test("an eraser takes nearly all that a pen has left along the same way, and a pen adds only", () => {
  const [from, to] = [
    { x: 5, y: 5 },
    { x: 20, y: 16 },
  ];
  const drawn = withStroke(blank(), from, to);
  expect(inkOf(drawn)).toBeGreaterThan(255 * 20);
  expect(withStroke(drawn, from, to)).toEqual(drawn);
  expect(inkOf(withStroke(drawn, from, to, "eraser"))).toBeLessThan(0.05 * inkOf(drawn));
  expect(withStroke(blank(), from, to, "eraser")).toEqual(blank());
});

describe("a picture of a digit", () => {
  /** Dark on light, in colour, far from the middle: a rectangle of 60 x 120. */
  const width = 300;
  const height = 200;
  const photograph = (ink: number, paper: number) => ({
    width,
    height,
    channels: 3 as const,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return x >= 210 && x < 270 && y >= 60 && y < 180 ? ink : paper;
    }),
  });

  test.each([
    [20, 230],
    [240, 10],
  ])("of ink %d on paper %d becomes light on black, 20 pixels high, in the middle", (ink, paper) => {
    const image = digitOf(photograph(ink, paper));
    const rows = [...image.keys()].filter((at) => image[at]! > 127);
    const [columns, lines] = [rows.map((at) => at % SIDE), rows.map((at) => Math.floor(at / SIDE))];
    expect([Math.min(...lines), Math.max(...lines)]).toEqual([4, 23]);
    expect([Math.min(...columns), Math.max(...columns)]).toEqual([9, 18]);
    expect(image[14 * SIDE + 14]).toBe(255);
    expect(centred(image)).toEqual(image);
  });

  test("of nothing is refused", () => {
    expect(() => digitOf(photograph(200, 200))).toThrow("all of one shade");
  });
});

test("digits are like digits of their kind, wherever they are drawn; a filled square is like none", async () => {
  const { train, test } = await loadDigits();
  const known = Array.from({ length: 60 }, (_, i) => {
    const image = test.images.slice(i * SIDE ** 2, (i + 1) * SIDE ** 2);
    // Two pixels further down: the ink is moved back.
    const moved = Uint8Array.from(image, (_, at) => image[at - 2 * SIDE] ?? 0);
    const { labels, isFar } = lookalikes(moved, train);
    return { isRight: labels[0] === test.labels[i], isFar };
  });
  // Of 400 it was 93 %; fewer than 48 of 60 are right by chance of the digits once in 10,000.
  expect(known.filter(({ isRight }) => isRight).length).toBeGreaterThanOrEqual(48);
  // 1 % are far: more than 5 of 60 once in 10,000.
  expect(known.filter(({ isFar }) => isFar).length).toBeLessThanOrEqual(5);
  const square = Uint8Array.from({ length: SIDE ** 2 }, (_, at) => {
    return Math.abs((at % SIDE) - 13.5) < 10 && Math.abs(Math.floor(at / SIDE) - 13.5) < 10 ? 255 : 0;
  });
  expect(lookalikes(square, train).isFar).toBe(true);
});
