import { expect, test } from "vitest";
import { highlightedTiles } from "../../src/report/highlighted-tiles.ts";

test("what is marked is on blue, and the rest is dimmed", () => {
  const image = Uint8Array.of(0, 255, 100, 255);
  const marks = [1, 1, 0, 0];
  const { width, height, channels, data } = highlightedTiles([{ image, marks }], { height: 2, width: 2, columns: 1 });
  expect({ width, height, channels }).toEqual({ width: 6, height: 6, channels: 3 });
  const colorAt = (x: number, y: number) => [...data.subarray((3 * y * width + 3 * x) * 3, (3 * y * width + 3 * x) * 3 + 3)]; // biome-ignore format: one line
  expect(colorAt(0, 0)).toEqual([0x00, 0x4c, 0x80]);
  expect(colorAt(1, 0)).toEqual([255, 255, 255]);
  expect(colorAt(0, 1)).toEqual([45, 45, 45]);
  expect(colorAt(1, 1)).toEqual([115, 115, 115]);
});

test("images stand in rows, in their order", () => {
  const tile = (value: number) => ({ image: new Uint8Array(1).fill(value), marks: [0] });
  const { width, height, data } = highlightedTiles([tile(20), tile(200), tile(100)], {
    height: 1,
    width: 1,
    columns: 2,
  });
  expect([width, height]).toEqual([10, 10]);
  const greyAt = (x: number, y: number) => data[(y * width + x) * 3];
  expect([greyAt(0, 0), greyAt(7, 0), greyAt(0, 7), greyAt(7, 7)]).toEqual([9, 90, 45, 0]);
});
