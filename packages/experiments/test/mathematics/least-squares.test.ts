import { expect, test } from "vitest";
import { linearFit } from "../../src/mathematics/least-squares.ts";

const close = (found: readonly number[], expected: readonly number[]) =>
  expected.forEach((x, i) => {
    expect(found[i]).toBeCloseTo(x, 6);
  });

test("finds the plane that points lie on", () => {
  const x = [1, 0, 0, 1, 2, 3, -1, 4];
  const y = [0, 1, 2, 3].map((row) => 2 * x[2 * row]! - 3 * x[2 * row + 1]! + 0.5);
  close(linearFit(x, y), [2, -3, 0.5]);
});

test("leaves errors that are orthogonal to what it fits by, and sum to 0", () => {
  const [x, y] = [
    [1, 2, 4, 7],
    [3, 1, 5, 2],
  ];
  const [w, u] = linearFit(x, y) as [number, number];
  const errors = x.map((entry, row) => y[row]! - w * entry - u);
  expect(errors.reduce((a, b) => a + b)).toBeCloseTo(0, 6);
  expect(errors.reduce((sum, error, row) => sum + error * x[row]!, 0)).toBeCloseTo(0, 5);
});

test("of many solutions takes a short one: one-hot rows sum to 1", () => {
  const rows = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const [a, b, c, u] = linearFit(rows, [3, 6, 9]) as [number, number, number, number];
  close([a + u, b + u, c + u], [3, 6, 9]);
  // The shortest has u = 18 / 4: the least of (3 - u)^2 + (6 - u)^2 + (9 - u)^2 + u^2.
  expect(u).toBeCloseTo(4.5, 3);
});
