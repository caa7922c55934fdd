import { defaultDevice, init, type numpy as np, random } from "@jax-js/jax";
import { noise } from "@softdraw/testing/bytes";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { gatherImages, gatherLabels, shuffledOrder } from "../../src/data/batches.ts";
import type { Dataset } from "../../src/data/types.ts";

const COUNT = 300;
const PIXELS = 28 * 28;

const dataset: Dataset = {
  name: "toy",
  count: COUNT,
  height: 28,
  width: 28,
  classes: 10,
  images: noise(COUNT * PIXELS),
  labels: Uint8Array.from({ length: COUNT }, (_, row) => row % 10),
};

beforeAll(async () => {
  await init("wasm");
});

beforeEach(() => {
  defaultDevice("wasm");
});

/** Compared in plain code: a matcher takes a second for 100,000 numbers. */
async function expectImages(batch: np.Array, rows: Uint32Array): Promise<void> {
  expect([batch.dtype, batch.shape]).toEqual(["float32", [rows.length, PIXELS]]);
  const values = (await batch.data()) as Float32Array;
  const byteAt = (i: number) => dataset.images[rows[Math.floor(i / PIXELS)]! * PIXELS + (i % PIXELS)]!;
  expect(values.findIndex((value, i) => value !== Math.fround(byteAt(i) / 255))).toBe(-1);
}

describe("shuffledOrder", () => {
  test("is the same for the same key, on every device", async () => {
    const golden = [0, 2, 5, 1, 4, 8, 7, 9, 3, 6];
    for (const device of ["wasm", "cpu"] as const) {
      defaultDevice(device);
      expect([...(await shuffledOrder(random.key(1), 10))]).toEqual(golden);
    }
  });

  test("differs from key to key", async () => {
    const first = await shuffledOrder(random.key(1), 1000);
    const second = await shuffledOrder(random.key(2), 1000);
    const agreements = first.filter((row, i) => row === second[i]).length;
    expect(agreements).toBeLessThan(10);
  });

  test.each([1, 2, 127, 128, 60_000])("is a permutation of %i rows", async (count) => {
    const order = await shuffledOrder(random.key(3), count);
    expect(order.sort()).toEqual(Uint32Array.from({ length: count }, (_, i) => i));
  });

  test("gives every order of three rows equally often", async () => {
    const draws = 600;
    const tally = new Map<string, number>();
    for (let seed = 0; seed < draws; seed++) {
      const order = (await shuffledOrder(random.key(seed), 3)).join();
      tally.set(order, (tally.get(order) ?? 0) + 1);
    }
    expect(tally.size).toBe(6);
    const chiSquare = [...tally.values()].reduce((sum, n) => sum + (n - draws / 6) ** 2 / (draws / 6), 0);
    // 20.5 is exceeded by one generator in a thousand that is fair (5 degrees of freedom).
    expect(chiSquare).toBeLessThan(20.5);
  });

  test("consumes the key", async () => {
    const key = random.key(1);
    await shuffledOrder(key, 10);
    expect(() => key.ref).toThrow();
  });

  test.each([0, -1, 2.5, Number.NaN])("refuses %d rows", async (count) => {
    await expect(shuffledOrder(random.key(1), count)).rejects.toThrow(
      `shuffledOrder: count must be a positive integer, got ${count}.`,
    );
  });
});

describe("gathered batches", () => {
  test("are the bytes over 255 and the labels of the rows asked for", async () => {
    const order = await shuffledOrder(random.key(1), COUNT);
    const rows = order.subarray(200, 300);
    await expectImages(gatherImages(dataset, order, 200, 100), rows);
    const labels = gatherLabels(dataset, order, 200, 100);
    expect([labels.dtype, labels.shape]).toEqual(["int32", [100]]);
    expect(await labels.data()).toEqual(Int32Array.from(rows, (row) => row % 10));
  });

  test("reach 0 and 1 exactly", async () => {
    const images = Uint8Array.of(0, 255, 51, 0);
    const batch = gatherImages({ ...dataset, height: 2, width: 2, images }, Uint32Array.of(0), 0, 1);
    expect(await batch.data()).toEqual(Float32Array.of(0, 1, 0.2, 0));
  });

  test("stay as they are when others follow, larger or smaller", async () => {
    const order = await shuffledOrder(random.key(4), COUNT);
    const spans = [
      [0, 3],
      [3, 200],
      [203, 50],
      [253, 47],
    ] as const;
    const batches = spans.map(([start, size]) => gatherImages(dataset, order, start, size));
    for (const [i, [start, size]] of spans.entries()) {
      await expectImages(batches[i]!, order.subarray(start, start + size));
    }
  });

  test.each([
    [250, 51],
    [-1, 10],
    [0, 0],
    [0.5, 10],
  ])("refuse rows beyond the order: start %d, size %d", (start, size) => {
    const order = new Uint32Array(300);
    const message = `: expected at least one row within an order of 300, got start ${start}, size ${size}.`;
    expect(() => gatherImages(dataset, order, start, size)).toThrow(`gatherImages${message}`);
    expect(() => gatherLabels(dataset, order, start, size)).toThrow(`gatherLabels${message}`);
  });

  test("refuse an order beyond the data set", () => {
    const order = Uint32Array.of(0, 299, 300);
    expect(() => gatherImages(dataset, order, 0, 3)).toThrow("gatherImages: toy has 300 rows, order[2] is 300.");
    expect(() => gatherLabels(dataset, order, 0, 3)).toThrow("gatherLabels: toy has 300 rows, order[2] is 300.");
  });
});
