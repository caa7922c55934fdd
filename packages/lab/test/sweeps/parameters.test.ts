import { expect, test } from "vitest";
import { describeValues, draws, grid, isLogarithmic, optionsOf, type Parameter } from "../../src/sweeps/parameters.ts";

test("a grid has every combination once, the last parameter changing first", () => {
  const parameters = [
    { name: "temperature", values: [0.5, 1] },
    { name: "hard", values: [true, false] },
    { name: "schedule", values: ["constant"] },
  ];
  expect(grid(parameters).map((values) => Object.values(values).join(" "))).toEqual([
    "0.5 true constant",
    "0.5 false constant",
    "1 true constant",
    "1 false constant",
  ]);
});

const drawn: Parameter[] = [
  { name: "uniform", distribution: "uniform", from: -1, to: 3 },
  { name: "log", distribution: "log-uniform", from: 0.1, to: 10 },
  { name: "whole", distribution: "integers", from: 2, to: 4 },
  { name: "logWhole", distribution: "log-integers", from: 1, to: 7 },
  { name: "list", values: ["a", "b"] },
];

test("draws are the same for the same seed, and the first ones do not depend on how many there are", async () => {
  const few = await draws(drawn, 3, 7);
  expect((await draws(drawn, 5, 7)).slice(0, 3)).toEqual(few);
  expect(await draws(drawn, 3, 8)).not.toEqual(few);
});

/**
 * Means and frequencies of 2,000 draws against their exact laws, each within 4 standard errors: a false alarm in 16,000
 * for each of the nine numbers, were the seed drawn anew.
 */
test("draws follow their distributions", async () => {
  const count = 2000;
  const rows = await draws(drawn, count, 0);
  const column = (name: string) => rows.map((row) => row[name]!);
  const expectMean = (values: number[], mean: number, deviation: number) => {
    const got = values.reduce((a, b) => a + b, 0) / count;
    expect(Math.abs(got - mean)).toBeLessThan((4 * deviation) / Math.sqrt(count));
  };
  expectMean(column("uniform").map(Number), 1, 4 / Math.sqrt(12));
  expectMean(
    column("log").map((value) => Math.log10(Number(value))),
    0,
    2 / Math.sqrt(12),
  );
  const share = (name: string, value: unknown, probability: number) =>
    expectMean(
      column(name).map((got) => Number(got === value)),
      probability,
      Math.sqrt(probability * (1 - probability)),
    );
  for (const value of [2, 3, 4]) share("whole", value, 1 / 3);
  // P(value) = log((value + 1) / value) / log(8): 1 has 1/3, and 7 has 0.064.
  for (const value of [1, 3, 7]) share("logWhole", value, Math.log((value + 1) / value) / Math.log(8));
  share("list", "a", 1 / 2);
});

test("an axis is logarithmic for log distributions and for lists that span a lot", () => {
  expect(drawn.map(isLogarithmic)).toEqual([false, true, false, true, false]);
  expect(isLogarithmic({ name: "t", values: [0.1, 0.3, 1] })).toBe(true);
  expect(isLogarithmic({ name: "t", values: [0.3, 0.5, 1] })).toBe(false);
  expect(isLogarithmic({ name: "t", values: [0, 100] })).toBe(false);
});

test("options that are varied together have a value each, of their own type", () => {
  const combinations = grid([
    { name: "estimator/temperature/hard", values: ["relaxed/0.5/false", "simple/1e-3/true"] },
    { name: "samples", values: [1, 3] },
  ]);
  expect(combinations.map(optionsOf)).toEqual([
    { estimator: "relaxed", temperature: 0.5, hard: false, samples: 1 },
    { estimator: "relaxed", temperature: 0.5, hard: false, samples: 3 },
    { estimator: "simple", temperature: 0.001, hard: true, samples: 1 },
    { estimator: "simple", temperature: 0.001, hard: true, samples: 3 },
  ]);
  expect(describeValues(combinations[1]!)).toBe("estimator relaxed, temperature 0.5, hard false, samples 3");
});
