import { describe, expect, test } from "vitest";
import { numbersOf, pictureNumbers, truePlan } from "../../src/data/numbers.ts";
import type { Dataset } from "../../src/data/types.ts";
import { sharesOfPlaces } from "../ranking-support.ts";

/** Images of 2 x 3 whose pixels say which row and which pixel they are. */
const dataset: Dataset = {
  name: "made up",
  count: 4,
  height: 2,
  width: 3,
  classes: 10,
  images: Uint8Array.from({ length: 24 }, (_, i) => i + 1),
  labels: Uint8Array.of(7, 0, 3, 9),
};

test("numbers are their digits' labels, the first the highest", () => {
  const rows = Uint32Array.of(0, 1, 2, 3, 1, 1);
  expect([...numbersOf(dataset, rows, 1)]).toEqual([7, 0, 3, 9, 0, 0]);
  expect([...numbersOf(dataset, rows, 2)]).toEqual([70, 39, 0]);
  expect([...numbersOf(dataset, rows, 3)]).toEqual([703, 900]);
});

describe("pictures of numbers", () => {
  const rows = Uint32Array.of(1, 0, 3, 3);
  const bytes = (margin: number) => Array.from(pictureNumbers(dataset, rows, 2, margin), (x) => Math.round(255 * x));

  test("have the digits side by side", () => {
    expect(bytes(0)).toEqual([
      ...[7, 8, 9, 1, 2, 3, 10, 11, 12, 4, 5, 6],
      ...[19, 20, 21, 19, 20, 21, 22, 23, 24, 22, 23, 24],
    ]);
  });

  test("have a margin of background, if asked for", () => {
    const [width, height] = [8, 4];
    const all = bytes(1);
    expect(all).toHaveLength(2 * width * height);
    for (const picture of [0, 1]) {
      const inner = Array.from({ length: 12 }, (_, i) => {
        return all[(picture * height + 1 + Math.floor(i / 6)) * width + 1 + (i % 6)];
      });
      expect(inner).toEqual(bytes(0).slice(12 * picture, 12 * (picture + 1)));
    }
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(all)).toBe(sum(bytes(0)));
  });
});

describe("the true plan", () => {
  test.each([[[3, 1, 2]], [[5, 5, 1]], [[2, 2, 2]], [[4, 1, 4, 0]], [[7]], [[1, 3, 3, 2, 3]]])(
    "of %j has the mean of all orders that sort it",
    (numbers) => {
      const expected = sharesOfPlaces(numbers).flat();
      expect([...truePlan(numbers)]).toEqual(expected.map((share) => expect.closeTo(share, 6)));
    },
  );
});
