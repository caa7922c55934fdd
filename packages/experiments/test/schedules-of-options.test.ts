import { expect, test } from "vitest";
import { temperatureSchedule } from "../src/training/settings.ts";

const options = { temperature: 0.1, temperatureEnd: 0.5, temperatureRate: 1e-4, temperatureHold: 1 };
const at = (schedule: "constant" | "exponential" | "linear" | "cosine") =>
  [0, 50, 100].map(temperatureSchedule({ ...options, schedule }, 100));

test("an end above the beginning is where linear and cosine rise to, the least of exponential, and nothing to constant", () => {
  expect(at("constant")).toEqual([0.1, 0.1, 0.1]);
  expect(at("exponential")).toEqual([0.5, 0.5, 0.5]);
  for (const schedule of ["linear", "cosine"] as const) {
    const [first, middle, last] = at(schedule);
    expect(first).toBe(0.1);
    expect(middle).toBeCloseTo(0.3, 12);
    expect(last).toBe(0.5);
  }
});
