import { random } from "@jax-js/jax";
import { noise } from "@softdraw/testing/bytes";
import { chiSquarePValue, FALSE_ALARM, permutations } from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { shuffledOrders } from "../../src/data/batches.ts";
import {
  arrangePieces,
  bestKendallTau,
  type Cut,
  cutOf,
  gatherPieces,
  identicalPieces,
  inverseOrders,
  joinPieces,
  knownPieces,
  padPieces,
  rearranged,
  withIdenticalExchanged,
} from "../../src/data/pieces.ts";
import type { Dataset } from "../../src/data/types.ts";
import { kendallTau } from "../../src/mathematics/statistics.ts";
import type { Picture } from "../../src/report/pixels.ts";

const orderOf = (...values: number[]) => Uint32Array.from(values);

/** Images whose bytes are given. */
function datasetOf(height: number, width: number, images: ArrayLike<number>): Dataset {
  const count = images.length / (height * width);
  const sizes = { count, height, width, classes: 1 };
  return { name: "toy", ...sizes, images: Uint8Array.from(images), labels: new Uint8Array(count) };
}

/** Two pictures of 4 x 4 in four pieces of 2 x 2; the first digit of a number is its piece, the second its pixel. */
const QUARTERS: Cut = { across: 2, side: 2, top: 0, left: 0 };
const WHOLE = [1, 2, 11, 12, 3, 4, 13, 14, 21, 22, 31, 32, 23, 24, 33, 34];
const PIECES = [1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34];
const plus = (values: readonly number[], by: number) => values.map((x) => x + by);
const TWO_WHOLE = [...WHOLE, ...plus(WHOLE, 100)];
const TWO_PIECES = [...PIECES, ...plus(PIECES, 100)];

const inverse = (order: ArrayLike<number>) => Array.from(order, (_, i) => Array.from(order).indexOf(i));

describe("cutOf", () => {
  test.each([
    { across: 2, side: 14, edge: 0, cropped: 0 },
    { across: 3, side: 9, edge: 0, cropped: 1 },
    { across: 4, side: 7, edge: 0, cropped: 0 },
    { across: 5, side: 5, edge: 1, cropped: 3 },
    { across: 6, side: 4, edge: 2, cropped: 4 },
  ])("28 x 28 in $across each way: pieces of $side, $cropped rows and columns cropped", (expected) => {
    const { across, side, edge, cropped } = expected;
    expect(cutOf({ height: 28, width: 28 }, across)).toEqual({ across, side, top: edge, left: edge });
    expect(28 - across * side).toBe(cropped);
  });

  test("of a picture that is no square, the middle is used", () => {
    expect(cutOf({ height: 20, width: 51 }, 3)).toEqual({ across: 3, side: 6, top: 1, left: 16 });
    expect(cutOf({ height: 51, width: 20 }, 3)).toEqual({ across: 3, side: 6, top: 16, left: 1 });
  });

  test("refuses a picture with fewer pixels than pieces, each way", () => {
    expect(cutOf({ height: 3, width: 9 }, 3).side).toBe(1);
    expect(() => cutOf({ height: 2, width: 9 }, 3)).toThrow(
      new RangeError("A picture of 2 x 9 cannot be cut into 3 x 3 pieces."),
    );
  });
});

describe("gatherPieces", () => {
  test("takes the rows of the data set that are asked for, piece by piece, as byte / 255", () => {
    const dataset = datasetOf(4, 4, TWO_WHOLE);
    const gathered = gatherPieces(dataset, orderOf(1, 0, 1), QUARTERS);
    const expected = [...plus(PIECES, 100), ...PIECES, ...plus(PIECES, 100)];
    expect([...gathered]).toEqual(expected.map((byte) => Math.fround(byte / 255)));
  });

  test("crops what is left over", () => {
    const bytes = Array.from({ length: 5 * 7 }, (_, i) => i);
    const cut = cutOf({ height: 5, width: 7 }, 2);
    expect(cut).toEqual({ across: 2, side: 2, top: 0, left: 1 });
    const gathered = gatherPieces(datasetOf(5, 7, bytes), orderOf(0), cut).map((x) => Math.round(x * 255));
    expect([...gathered]).toEqual([1, 2, 8, 9, 3, 4, 10, 11, 15, 16, 22, 23, 17, 18, 24, 25]);
  });
});

describe("joinPieces", () => {
  test("puts the pieces of each picture beside each other", () => {
    expect([...joinPieces(Float32Array.from(TWO_PIECES), QUARTERS)]).toEqual(TWO_WHOLE);
  });

  test.each([2, 3, 4, 5, 6])("undoes the cut in %i each way, but for what was cropped", (across) => {
    const dataset = datasetOf(28, 28, noise(3 * 28 * 28));
    const cut = cutOf(dataset, across);
    const joined = joinPieces(gatherPieces(dataset, orderOf(2, 0), cut), cut);
    const length = across * cut.side;
    const expected = [2, 0].flatMap((row) =>
      Array.from({ length: length ** 2 }, (_, i) => {
        const [y, x] = [cut.top + Math.floor(i / length), cut.left + (i % length)];
        return Math.fround(dataset.images[(row * 28 + y) * 28 + x]! / 255);
      }),
    );
    expect([...joined]).toEqual(expected);
  });
});

describe("arrangePieces", () => {
  test("gives each slot the piece of its own picture that the order says", () => {
    const arranged = arrangePieces(Float32Array.from(TWO_PIECES), orderOf(2, 0, 1, 3, 1, 3, 2, 0), QUARTERS);
    const first = [21, 22, 23, 24, 1, 2, 3, 4, 11, 12, 13, 14, 31, 32, 33, 34];
    const second = [111, 112, 113, 114, 131, 132, 133, 134, 121, 122, 123, 124, 101, 102, 103, 104];
    expect([...arranged]).toEqual([...first, ...second]);
  });

  test("twice, there and back, changes nothing", async () => {
    const dataset = datasetOf(28, 28, noise(5 * 28 * 28));
    const cut = cutOf(dataset, 4);
    const pieces = gatherPieces(dataset, orderOf(0, 1, 2, 3, 4), cut);
    const orders = await shuffledOrders(random.key(1), 5, 16);
    const back = arrangePieces(arrangePieces(pieces, orders, cut), inverseOrders(orders, cut), cut);
    expect(Buffer.from(back.buffer).equals(Buffer.from(pieces.buffer))).toBe(true);
  });
});

test("inverseOrders says which slot belongs at each place, picture by picture", () => {
  expect([...inverseOrders(orderOf(2, 0, 1, 3, 1, 2, 3, 0), QUARTERS)]).toEqual([1, 2, 0, 3, 3, 0, 1, 2]);
  for (const order of permutations(4)) expect([...inverseOrders(orderOf(...order), QUARTERS)]).toEqual(inverse(order));
});

describe("shuffledOrders", () => {
  test("are permutations, the same for the same key", async () => {
    const [orders, again, others] = await Promise.all([3, 3, 4].map((key) => shuffledOrders(random.key(key), 50, 36)));
    const whole = Array.from({ length: 36 }, (_, i) => i);
    for (let first = 0; first < orders!.length; first += 36) {
      expect([...orders!.subarray(first, first + 36)].sort((a, b) => a - b)).toEqual(whole);
    }
    expect(orders).toHaveLength(50 * 36);
    expect(again).toEqual(orders);
    expect(others).not.toEqual(orders);
  });

  test(`are uniform over all orders of three, by a chi-square test with false-alarm rate ${FALSE_ALARM}`, async () => {
    const all = permutations(3).map(String);
    const orders = await shuffledOrders(random.key(0), 30_000, 3);
    const counts = all.map(() => 0);
    for (let first = 0; first < orders.length; first += 3)
      counts[all.indexOf(`${orders.subarray(first, first + 3)}`)]!++;
    expect(counts.reduce((a, b) => a + b)).toBe(30_000);
    expect(
      chiSquarePValue(
        counts,
        all.map(() => 1 / 6),
      ),
    ).toBeGreaterThan(FALSE_ALARM);
  });

  test("put every piece anywhere equally often, and neighbours independently", async () => {
    const [count, size] = [20_000, 4];
    const orders = await shuffledOrders(random.key(5), count, size);
    const cells = Array<number>(size * size).fill(0);
    const pairs = Array<number>(size * size).fill(0);
    orders.forEach((piece, i) => {
      cells[(i % size) * size + piece]!++;
      // The same slot of the next order.
      if (i % size === 1 && i + size < orders.length) pairs[piece * size + orders[i + size]!]!++;
    });
    // The cells of one slot are a chi-square test of their own.
    for (let slot = 0; slot < size; slot++) {
      const ofSlot = cells.slice(slot * size, (slot + 1) * size);
      expect(chiSquarePValue(ofSlot, Array(size).fill(1 / size))).toBeGreaterThan(FALSE_ALARM / (size + 1));
    }
    expect(chiSquarePValue(pairs, Array(size ** 2).fill(1 / size ** 2))).toBeGreaterThan(FALSE_ALARM / (size + 1));
  });
});

describe("padPieces", () => {
  test("puts a margin around every piece", () => {
    const padded = padPieces(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 2, 1, -1);
    const framed = (a: number, b: number, c: number, d: number) => [
      ...[-1, -1, -1, -1],
      ...[-1, a, b, -1],
      ...[-1, c, d, -1],
      ...[-1, -1, -1, -1],
    ];
    expect([...padded]).toEqual([...framed(1, 2, 3, 4), ...framed(5, 6, 7, 8)]);
  });

  test("of no width changes nothing", () => {
    expect([...padPieces(Float32Array.from(PIECES), 2, 0, 9)]).toEqual(PIECES);
  });
});

test("identicalPieces names, for every piece, the first that looks the same", () => {
  const pieces = [
    [0, 0],
    [0, 0.5],
    [0, 0],
    [0.5, 0],
    [0, 0.5],
    [0, 0],
  ];
  expect(identicalPieces(Float32Array.from(pieces.flat()), 6)).toEqual([0, 1, 0, 3, 1, 0]);
});

describe("bestKendallTau", () => {
  /** All orders in which pieces of these looks may lie in the places of their look. */
  const ordersOf = (alike: readonly number[], found: number[] = []): number[][] => {
    if (found.length === alike.length) return [found];
    const free = [...alike.keys()].filter((place) => alike[place] === alike[found.length] && !found.includes(place));
    return free.flatMap((place) => ordersOf(alike, [...found, place]));
  };

  test.each([
    [[0, 1, 2, 3]],
    [[0, 0, 0, 0]],
    [[0, 1, 1, 0]],
    [[0, 0, 2, 2]],
    [[0, 1, 0, 3]],
    [[0, 1, 0, 3, 1, 0]],
    [[0, 0, 2, 0, 4, 2]],
  ])("of looks %j is the mean tau over all orders that look right", (alike) => {
    const places = [...alike.keys()];
    const taus = ordersOf(alike).map((found) => kendallTau(places, found));
    expect(bestKendallTau(alike)).toBeCloseTo(taus.reduce((a, b) => a + b, 0) / taus.length, 12);
  });
});

describe("withIdenticalExchanged", () => {
  const atHome = (order: ArrayLike<number>, places: ArrayLike<number>) =>
    Array.from(order, (home, slot) => places[slot] === home);
  const count = (right: boolean[]) => right.filter(Boolean).length;

  /** Which pieces of four look alike, in all ways but for names. */
  const looks = [
    [0, 1, 2, 3],
    [0, 0, 2, 3],
    [0, 1, 1, 3],
    [0, 0, 2, 2],
    [0, 1, 0, 1],
    [0, 0, 0, 3],
    [0, 1, 0, 0],
    [0, 0, 0, 0],
  ];

  /** All places that come from `found` when identical pieces exchange theirs. */
  function exchanges(order: number[], found: number[], alike: number[]): number[][] {
    return permutations(4)
      .filter((moved) => moved.every((other, slot) => alike[order[other]!] === alike[order[slot]!]))
      .map((moved) => moved.map((other) => found[other]!));
  }

  test.each(looks.map((alike) => [alike]))(
    "pieces %j: as many at home as any exchange brings there, and nobody leaves",
    (alike) => {
      const cases = permutations(4).flatMap((order) => permutations(4).map((found) => ({ order, found })));
      const failures = cases.filter(({ order, found }) => {
        const exchanged = [...withIdenticalExchanged(orderOf(...order), orderOf(...found), alike)];
        const possible = exchanges(order, found, alike);
        const [before, after] = [atHome(order, found), atHome(order, exchanged)];
        const isPossible = possible.map(String).includes(String(exchanged));
        const isBest = possible.every((places) => count(atHome(order, places)) <= count(after));
        return !isPossible || !isBest || before.some((home, slot) => home && !after[slot]);
      });
      expect(failures).toEqual([]);
    },
  );

  test("leaves what it was given as it was", () => {
    const found = orderOf(1, 0);
    expect([...withIdenticalExchanged(orderOf(0, 1), found, [0, 0])]).toEqual([0, 1]);
    expect([...found]).toEqual([1, 0]);
  });
});

describe("knownPieces", () => {
  const grey = (side: number, data: ArrayLike<number>): Picture => {
    return { width: side, height: side, channels: 1, data: Uint8Array.from(data) };
  };
  const bytesOf = (pieces: Float32Array) => Array.from(pieces, (x) => x * 255);

  test("of the size that is known are the pieces themselves", () => {
    const bytes = bytesOf(knownPieces(grey(4, WHOLE), QUARTERS, QUARTERS));
    expect(bytes.map((x) => Math.round(1e4 * x) / 1e4)).toEqual(PIECES);
  });

  test("of larger pieces are the means of areas", () => {
    // Each pixel of `WHOLE` as a square of 3 x 3 whose mean it is.
    const large = Array.from({ length: 144 }, (_, i) => {
      const [y, x] = [Math.floor(i / 12), i % 12];
      return WHOLE[4 * Math.floor(y / 3) + Math.floor(x / 3)]! + (y % 3) + (x % 3) - 2 + 10;
    });
    const bytes = bytesOf(knownPieces(grey(12, large), cutOf({ height: 12, width: 12 }, 2), QUARTERS));
    for (const [i, value] of PIECES.entries()) expect(bytes[i]).toBeCloseTo(value + 10, 3);
  });

  test("keep the mean of a picture, whatever the sizes", () => {
    // 7 does not divide into 3: areas of two and three pixels.
    const [fine, known] = [cutOf({ height: 14, width: 14 }, 2), { across: 2, side: 3, top: 0, left: 0 }];
    const bytes = bytesOf(knownPieces(grey(14, Array(196).fill(77)), fine, known));
    expect(bytes).toHaveLength(36);
    for (const value of bytes) expect(value).toBeCloseTo(77, 3);
    const stripes = Array.from({ length: 196 }, (_, i) => 10 * (i % 14));
    const first = bytesOf(knownPieces(grey(14, stripes), fine, known)).slice(0, 3);
    for (const [i, value] of [5, 25, 50].entries()) expect(first[i]).toBeCloseTo(value, 3);
  });

  test("of smaller pieces repeat pixels", () => {
    const known = { across: 2, side: 2, top: 0, left: 0 };
    const bytes = bytesOf(knownPieces(grey(2, [10, 20, 30, 40]), cutOf({ height: 2, width: 2 }, 2), known));
    const expected = [10, 20, 30, 40].flatMap((value) => Array<number>(4).fill(value));
    expect(bytes.map(Math.round)).toEqual(expected);
  });

  test("of colours are their brightness, and what the cut leaves out is left out", () => {
    const pixels = [
      [1, 1, 1],
      [255, 0, 0],
      [0, 255, 0],
      [1, 1, 1],
      [1, 1, 1],
      [0, 0, 255],
      [100, 100, 100],
      [1, 1, 1],
    ];
    const picture: Picture = { width: 4, height: 2, channels: 3, data: Uint8Array.from(pixels.flat()) };
    const known = { across: 2, side: 1, top: 0, left: 0 };
    const bytes = bytesOf(knownPieces(picture, cutOf(picture, 2), known));
    const expected = [0.299 * 255, 0.587 * 255, 0.114 * 255, 100];
    for (const [i, value] of expected.entries()) expect(bytes[i]).toBeCloseTo(value, 3);
  });
});

describe("rearranged", () => {
  test("has each piece where the order says", () => {
    const picture: Picture = { width: 4, height: 4, channels: 1, data: Uint8Array.from(WHOLE) };
    const moved = rearranged(picture, QUARTERS, orderOf(3, 0, 1, 2));
    expect([...moved.data]).toEqual([31, 32, 1, 2, 33, 34, 3, 4, 11, 12, 21, 22, 13, 14, 23, 24]);
    expect(moved).toMatchObject({ width: 4, height: 4, channels: 1 });
    expect([...rearranged(picture, QUARTERS, orderOf(0, 1, 2, 3)).data]).toEqual(WHOLE);
  });

  test("keeps colours, and crops to what is cut", () => {
    const picture: Picture = { width: 5, height: 3, channels: 3, data: noise(45) };
    const cut = cutOf(picture, 2);
    const pixel = (y: number, x: number) => [...picture.data.subarray(3 * (5 * y + x), 3 * (5 * y + x) + 3)];
    const moved = rearranged(picture, cut, orderOf(1, 0, 3, 2));
    expect(moved).toMatchObject({ width: 2, height: 2, channels: 3 });
    expect([...moved.data]).toEqual([pixel(0, 2), pixel(0, 1), pixel(1, 2), pixel(1, 1)].flat());
  });
});
