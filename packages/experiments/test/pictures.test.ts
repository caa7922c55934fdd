import { beforeAll, describe, expect, test } from "vitest";
import { categoricalVae } from "../src/categorical-vae/index.ts";
import { samplePicture } from "../src/categorical-vae/show.ts";
import type { DatasetSplits } from "../src/data/types.ts";
import type { NamedPicture, Trained } from "../src/experiment.ts";
import type { Picture } from "../src/report/pixels.ts";
import { type Config, configuration, train } from "./categorical-vae-support.ts";
import { fewDigits, HOOK_TIMEOUT } from "./support.ts";

let data: DatasetSplits;
let trained: Trained<Config>;

beforeAll(async () => {
  data = await fewDigits(60, 20);
  const config = configuration({
    epochs: 3,
    variables: 3,
    schedule: "exponential",
    temperatureRate: 0.1,
    temperatureHold: 1,
  });
  trained = { config, checkpoint: (await train(config, data, { steps: 8 })).checkpoint };
}, HOOK_TIMEOUT);

/** Pixels of the picture for one of the image, and between two images. */
const [SCALE, GAP, SIDE] = [3, 2, 28];
const extent = (tiles: number) => tiles * SIDE * SCALE + (tiles - 1) * GAP;

/** The bytes of one image of a grid. */
function tile({ data, width }: Picture, row: number, column: number): number[] {
  const [top, left] = [row, column].map((at) => at * (SIDE * SCALE + GAP)) as [number, number];
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [y, x] = [Math.floor(i / SIDE), i % SIDE];
    return data[(top + y * SCALE) * width + left + x * SCALE]!;
  });
}

describe("the pictures of a trained model", () => {
  let pictures: Record<string, NamedPicture>;

  beforeAll(async () => {
    const drawn = await categoricalVae.pictures(trained, data);
    pictures = Object.fromEntries(drawn.map((picture) => [picture.name, picture]));
  }, HOOK_TIMEOUT);

  test.each([
    { name: "samples", rows: 8, columns: 8 },
    { name: "reconstructions", rows: 3, columns: 12 },
    { name: "traversal", rows: 8, columns: 5 },
  ])("$name: $rows rows of $columns images", ({ name, rows, columns }) => {
    const { picture, title, caption, alt } = pictures[name]!;
    expect(picture).toMatchObject({ width: extent(columns), height: extent(rows), channels: 1 });
    for (const text of [title, caption, alt]) expect(text).not.toBe("");
    expect(new Set(Array.from(tile(picture, rows - 1, columns - 1))).size).toBeGreaterThan(10);
  });

  test("the reconstructions stand below the test images that they are of", () => {
    const { picture } = pictures.reconstructions!;
    for (const column of [0, 5, 11]) {
      const original = [...data.test.images.subarray(column * SIDE * SIDE, (column + 1) * SIDE * SIDE)];
      expect(tile(picture, 0, column)).toEqual(original);
      for (const row of [1, 2]) expect(tile(picture, row, column)).not.toEqual(original);
    }
  });

  test("the relaxed reconstructions are at the temperature that training has reached", () => {
    // Eight steps at a tenth less each: exp(-0.7), and the floor is below.
    expect(pictures.reconstructions!.caption).toContain("at temperature 0.50.");
  });

  test("a traversal changes from column to column", () => {
    const { picture } = pictures.traversal!;
    const row = Array.from({ length: 5 }, (_, column) => tile(picture, 4, column).join());
    expect(new Set(row).size).toBe(5);
  });
});

describe("samples", () => {
  const sample = (count: number, seed: number) => samplePicture(trained, data, { count, seed });

  test.each([
    { count: 1, rows: 1, columns: 1 },
    { count: 8, rows: 1, columns: 8 },
    { count: 10, rows: 2, columns: 8 },
  ])("$count make $rows rows of $columns", async ({ count, rows, columns }) => {
    const { picture, caption } = await sample(count, 0);
    expect(picture).toMatchObject({ width: extent(columns), height: extent(rows) });
    expect(caption).toContain(`${count} codes`);
  });

  test("a seed draws the same again, another seed others", async () => {
    const [first, again, other] = [await sample(4, 1), await sample(4, 1), await sample(4, 2)];
    expect(again).toEqual(first);
    expect(Buffer.compare(other.picture.data, first.picture.data)).not.toBe(0);
  });
});
