import { random } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import {
  type DistortionRanges,
  distortInto,
  NUMBERS_A_DISTORTION,
  randomDistortions,
} from "../../src/data/distortions.ts";

const none: DistortionRanges = { shift: 0, wholePixels: false, rotation: 0, scaling: 0, shear: 0, mirror: false };

/** Images of 5 x 5, written row by row. */
const size = { height: 5, width: 5 };

function imageOf(rows: string): Uint8Array {
  return Uint8Array.from(rows.replaceAll(/\s/g, ""), (digit) => 51 * Number(digit));
}

function distorted(image: Uint8Array, map: number[]): number[] {
  const target = new Float32Array(27).fill(-1);
  distortInto(target, 1, image, size, Float32Array.from(map));
  expect([target[0], target[26]]).toEqual([-1, -1]);
  return [...target.subarray(1, 26)].map((value) => Number((5 * value).toFixed(5)));
}

const digitsOf = (rows: string) => Array.from(rows.replaceAll(/\s/g, ""), Number);

const letter = imageOf("00000 01100 01000 01000 00000");

describe("distortInto", () => {
  test.each([
    ["nothing", [1, 0, 0, 0, 1, 0], "00000 01100 01000 01000 00000"],
    ["two to the right, one down", [1, 0, -2, 0, 1, -1], "00000 00000 00011 00010 00010"],
    ["out of sight", [1, 0, -5, 0, 1, 0], "00000 00000 00000 00000 00000"],
    ["mirrored", [-1, 0, 0, 0, 1, 0], "00000 00110 00010 00010 00000"],
    ["a quarter turn", [0, 1, 0, -1, 0, 0], "00000 01110 00010 00000 00000"],
    ["slanted by a pixel a row", [1, 1, 0, 0, 1, 0], "00000 00110 01000 10000 00000"],
  ])("%s", (_, map, expected) => {
    expect(distorted(letter, map)).toEqual(digitsOf(expected));
  });

  test("between pixels it is a weighted mean of the four around", () => {
    const dot = imageOf("00000 00000 00400 00000 00000");
    const moved = distorted(dot, [1, 0, -0.25, 0, 1, -0.5]);
    expect(moved.slice(10, 15)).toEqual([0, 0, 1.5, 0.5, 0]);
    expect(moved.slice(15, 20)).toEqual([0, 0, 1.5, 0.5, 0]);
  });
});

describe("randomDistortions", () => {
  const mapsOf = async (ranges: Partial<DistortionRanges>, seed = 0, count = 4000) => {
    const maps = await randomDistortions(random.key(seed), count, { ...none, ...ranges });
    return Array.from({ length: count }, (_, i) => [
      ...maps.subarray(i * NUMBERS_A_DISTORTION, (i + 1) * NUMBERS_A_DISTORTION),
    ]) as [number, number, number, number, number, number][];
  };

  test("without ranges change nothing", async () => {
    for (const map of await mapsOf({}, 0, 5)) expect(map.map((x) => x + 0)).toEqual([1, 0, 0, 0, 1, 0]);
  });

  test("are the same for the same seed only", async () => {
    const ranges = { shift: 2, rotation: 10, scaling: 0.1, shear: 0.1, mirror: true };
    expect(await mapsOf(ranges, 3, 5)).toEqual(await mapsOf(ranges, 3, 5));
    expect(await mapsOf(ranges, 3, 5)).not.toEqual(await mapsOf(ranges, 4, 5));
  });

  test("move uniformly within the range", async () => {
    const moves = (await mapsOf({ shift: 2 })).flatMap(([, , c, , , f]) => [c, f]);
    expect(Math.max(...moves.map(Math.abs))).toBeLessThanOrEqual(2);
    // Eight bins of 8,000 uniform draws: chi-square with 7 degrees of freedom exceeds 31.4 once in 20,000 keys.
    const bins = new Array(8).fill(0);
    for (const move of moves) bins[Math.min(7, Math.floor((move + 2) * 2))]++;
    expect(bins.reduce((sum, seen) => sum + (seen - 1000) ** 2 / 1000, 0)).toBeLessThan(31.4);
  });

  test("move by whole pixels within the range, each as likely as another", async () => {
    const moves = (await mapsOf({ shift: 2.5, wholePixels: true }, 5)).flatMap(([, , c, , , f]) => [c, f]);
    const places = [-2, -1, 0, 1, 2];
    const bins = places.map((place) => moves.filter((move) => move === place).length);
    expect(bins.reduce((a, b) => a + b)).toBe(8000);
    // Five bins of 8,000 uniform draws: chi-square with 4 degrees of freedom exceeds 25 once in 20,000 keys.
    expect(bins.reduce((sum, seen) => sum + (seen - 1600) ** 2 / 1600, 0)).toBeLessThan(25);
    for (const move of (await mapsOf({ shift: 0.9, wholePixels: true })).flat()) expect([0, 1]).toContain(move + 0);
  });

  test("turn without stretching, by at most the range", async () => {
    for (const [a, b, c, d, e, f] of await mapsOf({ rotation: 30 }, 1, 100)) {
      expect([a * e - b * d, a * a + d * d, c, f].map((x) => x + 0)).toEqual([
        expect.closeTo(1, 6),
        expect.closeTo(1, 6),
        0,
        0,
      ]);
      expect(Math.abs(Math.atan2(d, a))).toBeLessThanOrEqual((30 * Math.PI) / 180 + 1e-6);
    }
  });

  test("scale both ways on their own, and slant", async () => {
    const maps = await mapsOf({ scaling: 0.25, shear: 0.5 }, 2, 1000);
    const [widths, heights, slants] = [0, 4, 1].map((i) => maps.map((map) => map[i]!));
    expect(Math.min(...widths!, ...heights!)).toBeGreaterThanOrEqual(0.75);
    expect(Math.max(...widths!, ...heights!)).toBeLessThanOrEqual(1.25);
    expect(Math.max(...slants!.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(maps.filter(([a, , , , e]) => Math.abs(a - e) > 0.1).length).toBeGreaterThan(300);
  });

  test("mirror every other image, at random", async () => {
    const mirrored = (await mapsOf({ mirror: true })).filter(([a]) => a === -1).length;
    // 4,000 fair coins: a deviation of more than 124 comes less than once in 10,000 keys.
    expect(Math.abs(mirrored - 2000)).toBeLessThanOrEqual(124);
  });
});
