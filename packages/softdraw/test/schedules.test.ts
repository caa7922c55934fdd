import { schedules } from "softdraw";
import { describe, expect, test } from "vitest";

const { constant, cosine, exponential, linear } = schedules;

const steps = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("constant", () => {
  test("is the same at every step", () => {
    expect([0, 1, 1e6].map(constant(0.7))).toEqual([0.7, 0.7, 0.7]);
  });
});

describe("exponential", () => {
  test("is max(0.5, exp(-rate step)), updated every hold steps: Jang, Gu and Poole's schedule", () => {
    const rate = 1e-4;
    const hold = 500;
    const temperature = exponential({ start: 1, rate, hold });
    for (const step of [0, 1, 499, 500, 999, 1000, 6500, 6931, 7000, 50_000]) {
      expect(temperature(step)).toBeCloseTo(Math.max(0.5, Math.exp(-rate * (step - (step % hold)))), 12);
    }
  });

  test("holds its value between updates, and changes at each", () => {
    const temperature = exponential({ start: 2, rate: 0.01, floor: 0.1, hold: 10 });
    const seen = steps(40).map(temperature);
    expect(new Set(seen).size).toBe(4);
    for (const step of steps(40)) expect(seen[step]).toBe(seen[step - (step % 10)]);
  });

  test("is updated at every step, with a floor of 0.5, by default", () => {
    const temperature = exponential({ start: 1, rate: 0.1 });
    expect(temperature(3)).toBeCloseTo(Math.exp(-0.3), 12);
    expect(temperature(4)).toBeCloseTo(Math.exp(-0.4), 12);
    expect(temperature(7)).toBe(0.5);
  });

  test("never falls below its floor, and stays at the start at rate 0", () => {
    const falling = exponential({ start: 3, rate: 0.5, floor: 0.25 });
    expect(Math.min(...steps(100).map(falling))).toBe(0.25);
    expect(falling(1e6)).toBe(0.25);
    expect([0, 10, 1e6].map(exponential({ start: 3, rate: 0 }))).toEqual([3, 3, 3]);
  });
});

describe.each([
  { name: "linear", schedule: linear, quarter: 0.75, half: 0.5 },
  { name: "cosine", schedule: cosine, quarter: (1 + Math.SQRT1_2) / 2, half: 0.5 },
])("$name", ({ schedule, quarter, half }) => {
  test("goes from start to end, through known points, and stays there", () => {
    const temperature = schedule({ start: 5, end: 1, steps: 400 });
    expect(temperature(0)).toBe(5);
    expect(temperature(100)).toBeCloseTo(1 + 4 * quarter, 12);
    expect(temperature(200)).toBeCloseTo(1 + 4 * half, 12);
    expect(temperature(400)).toBe(1);
    expect(temperature(1e9)).toBe(1);
  });

  test("is monotone, downwards and upwards", () => {
    const seen = steps(60).map(schedule({ start: 2, end: 0.5, steps: 50 }));
    expect(seen).toEqual([...seen].sort((a, b) => b - a));
    const rising = steps(60).map(schedule({ start: 0.5, end: 2, steps: 50 }));
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
  });
});

test("a step below 0 counts as 0", () => {
  const schedules = [
    exponential({ start: 2, rate: 0.1 }),
    linear({ start: 2, end: 0.5, steps: 50 }),
    cosine({ start: 2, end: 0.5, steps: 50 }),
  ];
  for (const schedule of schedules) expect(schedule(-10)).toBe(2);
});

describe("arguments", () => {
  const { NaN, POSITIVE_INFINITY } = Number;
  const untyped = (value: unknown) => value as number;
  const refused: Record<string, () => unknown> = {
    "constant: temperature must be a positive number, got 0.": () => constant(0),
    "constant: temperature must be a positive number, got NaN.": () => constant(NaN),
    "exponential: start must be a positive number, got -1.": () => exponential({ start: -1, rate: 0.1 }),
    "exponential: floor must be a positive number, got 0.": () => exponential({ start: 1, rate: 0.1, floor: 0 }),
    "exponential: rate must be a number of at least 0, got -0.1.": () => exponential({ start: 1, rate: -0.1 }),
    "exponential: rate must be a number of at least 0, got Infinity.": () =>
      exponential({ start: 1, rate: POSITIVE_INFINITY }),
    "exponential: hold must be a whole number of at least 1, got 0.": () =>
      exponential({ start: 1, rate: 0.1, hold: 0 }),
    "exponential: hold must be a whole number of at least 1, got 2.5.": () =>
      exponential({ start: 1, rate: 0.1, hold: 2.5 }),
    "linear: start must be a positive number, got Infinity.": () =>
      linear({ start: POSITIVE_INFINITY, end: 1, steps: 10 }),
    "linear: end must be a positive number, got 0.": () => linear({ start: 1, end: 0, steps: 10 }),
    "cosine: steps must be a whole number of at least 1, got 0.": () => cosine({ start: 1, end: 0.5, steps: 0 }),
    "constant: temperature must be a positive number, got string.": () => constant(untyped("1")),
    "constant: temperature must be a positive number, got boolean.": () => constant(untyped(true)),
    "constant: temperature must be a positive number, got bigint.": () => constant(untyped(1n)),
    "exponential: rate must be a number of at least 0, got string.": () =>
      exponential({ start: 1, rate: untyped("0.1") }),
    "exponential: rate must be a number of at least 0, got bigint.": () => exponential({ start: 1, rate: untyped(0n) }),
    "exponential: rate must be a number of at least 0, got object.": () => exponential({ start: 1, rate: untyped({}) }),
    "cosine: end must be a positive number, got -2.": () => cosine({ start: 1, end: -2, steps: 10 }),
  };

  test.each(Object.entries(refused))("are refused: %s", (message, misuse) => {
    expect(misuse).toThrow(new RangeError(`schedules.${message}`));
  });
});
