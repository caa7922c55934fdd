/** What columns are chosen by: features, folds, linear rankings, neighbours and networks. */

import { describe, expect, test } from "vitest";
import { watchArrays } from "../../src/nn/live-arrays.ts";
import { countFeatures, encode, encodeTarget } from "../../src/select/encoding.ts";
import { estimators, learnOrders } from "../../src/select/neighbours.ts";
import { determination, fitAll } from "../../src/select/networks.ts";
import { problemOf } from "../../src/select/problem.ts";
import { forwardOrder, lassoOrder, productsOf, univariateOrder } from "../../src/select/rankings.ts";
import { drawsOf, foldsOf } from "../../src/select/rows.ts";
import { numbers, tableFrom, xorProblem } from "./support.ts";

const every = (rows: number) => Array.from({ length: rows }, (_, row) => row);

describe("features", () => {
  const rows = 24;
  const columns = {
    size: every(rows).map((row) => (row < 20 ? (row % 2 === 0 ? 10 : 30) : 1e6)),
    gap: every(rows).map((row) => (row === 1 ? "" : row)),
    town: every(rows).map((row) => ["a", "b", "c", ""][row % 4]!),
    y: numbers(rows, 0),
  };
  const problem = problemOf(tableFrom(columns, { numeric: ["gap"] }), "y");
  const learnFrom = every(20);
  const { width, values, groups } = encode(problem, learnFrom);
  const feature = (place: number) => every(rows).map((row) => values[row * width + place]!);

  test("are scaled by the rows to learn from alone, and bounded in the others", () => {
    expect(groups).toEqual([[0], [1, 2], [3, 4, 5, 6]]);
    expect(problem.columns.map(countFeatures)).toEqual([1, 2, 4]);
    expect(feature(0).slice(0, 2)).toEqual([-1, 1]);
    expect(feature(0)[23]).toBe(6);
  });

  test("say where a value is missing, and put the mean there", () => {
    expect(feature(1)[1]).toBe(0);
    expect(feature(2)[1]).toBeCloseTo(0.95, 6);
    expect(feature(2)[0]).toBeCloseTo(-0.05, 6);
  });

  test("of a category are one for each, of variance 1 together", () => {
    const square = [3, 4, 5, 6]
      .flatMap((place) => feature(place).slice(0, 20))
      .reduce((sum, value) => sum + value ** 2, 0);
    expect(square / 20).toBeCloseTo(1, 5);
    // A missing one is a category, too: all four are equally far apart.
    const distance = (a: number, b: number) =>
      Math.hypot(...[3, 4, 5, 6].map((place) => feature(place)[a]! - feature(place)[b]!));
    expect(distance(0, 3)).toBeCloseTo(distance(1, 2), 5);
  });

  test("classes are scaled by the roots of their shares", () => {
    const classes = problemOf(
      tableFrom({ x: numbers(24, 1), y: every(24).map((row) => (row % 4 === 0 ? "a" : "b")) }),
      "y",
    );
    const { outputs, values } = encodeTarget(classes, every(24));
    expect(outputs).toBe(2);
    expect(values[0]).toBeCloseTo(0.75 / 0.5, 6);
    expect(values[2]).toBeCloseTo(-0.25 / 0.5, 6);
  });
});

test("folds share no row, and have as many of each class", async () => {
  const classes = every(53).map((row) => Number(row % 5 === 0));
  const folds = foldsOf(every(53), 5, await drawsOf(3, 1, 53), classes, true);
  expect(folds.flatMap(({ test: rows }) => rows).sort((a, b) => a - b)).toEqual(every(53));
  for (const { train, test: rows } of folds) {
    expect([...train, ...rows].sort((a, b) => a - b)).toEqual(every(53));
    const rare = rows.filter((row) => classes[row] === 1).length;
    expect(rare).toBeGreaterThanOrEqual(2);
    expect(rare).toBeLessThanOrEqual(3);
  }
});

describe("linear rankings", () => {
  const rows = 200;
  const [a, b, noise] = [numbers(rows, 1), numbers(rows, 2), numbers(rows, 3)];
  // The sum of both is the best alone, and with either of them all there is.
  const columns = { noise, a, sum: a.map((value, row) => value + b[row]! + 0.5 * noise[row]!), b };
  const y = a.map((value, row) => value + 0.9 * b[row]!);
  const problem = problemOf(tableFrom({ ...columns, y }), "y");
  const encoded = encode(problem, every(rows));
  const products = productsOf(encoded, encodeTarget(problem, every(rows)), every(rows));

  test("one by one: by correlation", () => {
    expect(univariateOrder(encoded, products)).toEqual([2, 1, 3, 0]);
  });

  test("forward: what is left to be explained decides", () => {
    const order = forwardOrder(encoded, products, 4);
    expect(order[0]).toBe(2);
    // Without the noise in it the sum says all: the noise comes second, although it says nothing alone.
    expect(order[1]).toBe(0);
  });

  test("L1: columns that are independent come in the order of their correlations", () => {
    const independent = problemOf(tableFrom({ noise, a, b, y }), "y");
    const own = encode(independent, every(rows));
    const order = lassoOrder(own, productsOf(own, encodeTarget(independent, every(rows)), every(rows)), 2);
    expect(order).toEqual([1, 2]);
  });

  test("all of a category's features come together, and a rich one does not win by chance", () => {
    const town = every(rows).map((row) => `t${(row * 7) % 40}`);
    const fair = problemOf(tableFrom({ town, a, y: a }), "y");
    const own = encode(fair, every(rows));
    const sums = productsOf(own, encodeTarget(fair, every(rows)), every(rows));
    expect(univariateOrder(own, sums)).toEqual([1, 0]);
    expect(forwardOrder(own, sums, 2)).toEqual([1, 0]);
    expect(lassoOrder(own, sums, 1)).toEqual([1]);
  });
});

describe("by neighbours", () => {
  test("two columns that say the class together are found among six, and the more needed one comes first", async () => {
    const problem = xorProblem(160);
    const part = { encoded: encode(problem, every(160)), targets: encodeTarget(problem, every(160)), rows: every(160) };
    const options = { k: 3, estimator: "relaxed", steps: 60, seed: 0 } as const;
    const [orders] = await learnOrders([part], options);
    for (const order of orders!) expect(order.slice(0, 2).sort()).toEqual([1, 4]);
  });

  test.each(estimators)("a decisive column is found by %s", async (estimator) => {
    const x = Object.fromEntries(every(4).map((i) => [`x${i}`, numbers(60, i)]));
    const problem = problemOf(tableFrom({ ...x, y: x.x2!.map((value) => value ** 2 + value) }), "y");
    const part = { encoded: encode(problem, every(60)), targets: encodeTarget(problem, every(60)), rows: every(60) };
    const [orders] = await learnOrders([part], { k: 1, estimator, steps: 40, seed: 0 });
    expect(orders).toEqual([[2], [2]]);
  });
});

test("a choice and its networks leave no arrays behind", async () => {
  const problem = xorProblem(60);
  const part = { encoded: encode(problem, every(60)), targets: encodeTarget(problem, every(60)), rows: every(60) };
  const fit = { encoded: part.encoded, columns: [1, 4], train: every(40), stop: every(20), test: every(30) };
  const work = async () => {
    await learnOrders([part], { k: 2, estimator: "relaxed", steps: 2, seed: 0 });
    await fitAll(problem, [fit], { steps: 2, seed: 0 });
  };
  await work();
  const arrays = watchArrays();
  const before = arrays.count();
  await work();
  expect(arrays.count()).toBe(before);
});

describe("networks", () => {
  test("see their own columns, and are scored on rows that they have not seen", async () => {
    const problem = xorProblem(240);
    const encoded = encode(problem, every(180));
    const rows = { encoded, train: every(140), stop: every(180).slice(140), test: every(240).slice(180) };
    const fits = [[1, 4], [0, 2], [1]].map((columns) => ({ ...rows, columns }));
    const scores = await fitAll(problem, fits, { steps: 150, seed: 0 });
    expect(scores[0]!.score).toBeGreaterThan(0.9);
    expect(scores[0]!.loss).toBeLessThan(0.4);
    for (const { score, loss } of scores.slice(1)) {
      expect(score).toBeLessThan(0.7);
      expect(loss).toBeGreaterThan(0.6);
    }
  });

  test("R2 is 1 for what is right, 0 for the mean, and less for worse", () => {
    expect(determination([1, 2, 3], [1, 2, 3])).toBe(1);
    expect(determination([1, 2, 3], [2, 2, 2])).toBe(0);
    expect(determination([1, 2, 3], [3, 2, 1])).toBe(-3);
  });
});
