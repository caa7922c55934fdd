import { describe, expect, test } from "vitest";
import { wellPlaced } from "../src/placement.js";

const OUTPUTS = 1000;

/** A kernel that takes so many milliseconds, by whether it is called from further down the stack, and what it was called with. */
function timedKernel(msHere: number, msBelow: number) {
  const times = { here: msHere, below: msBelow };
  const calls: { place: "here" | "below"; args: number[] }[] = [];
  let clock = 0;
  let shallow: number | undefined;
  const kernel = (...args: number[]) => {
    const depth = stackDepth();
    shallow ??= depth;
    const place = depth > shallow ? "below" : "here";
    calls.push({ place, args });
    clock += times[place];
  };
  const placed = wellPlaced(kernel, () => clock);
  const places = (count: number) => {
    const before = calls.length;
    for (let i = 0; i < count; i++) placed(8, 16, 0, OUTPUTS);
    return calls.slice(before).map(({ place }) => place);
  };
  return { placed, places, times, calls };
}

function stackDepth(): number {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const depth = new Error("here").stack!.split("\n").length;
  Error.stackTraceLimit = stackTraceLimit;
  return depth;
}

const TRIAL_CALLS = 7;

describe("a kernel", () => {
  test("is called from where it is faster", () => {
    for (const [here, below, expected] of [
      [1, 3, "here"],
      [3, 1, "below"],
      [0.01, 0.03, "here"],
      [0.003, 0.001, "below"],
    ] as const) {
      const { places } = timedKernel(here, below);
      expect(new Set(places(TRIAL_CALLS))).toEqual(new Set(["here", "below"]));
      expect(new Set(places(100))).toEqual(new Set([expected]));
    }
  });

  test("is tried again where it has become slow", () => {
    const { places, times } = timedKernel(1, 1);
    places(TRIAL_CALLS);
    const place = places(1)[0]!;
    times[place] = 3;
    places(8 + TRIAL_CALLS);
    expect(new Set(places(100))).toEqual(new Set([place === "here" ? "below" : "here"]));
  });

  test("is left where it is for a slow call now and then", () => {
    const { places, times } = timedKernel(1, 1.1);
    places(TRIAL_CALLS);
    for (let i = 0; i < 20; i++) {
      times.here = 5;
      expect(new Set(places(7))).toEqual(new Set(["here"]));
      times.here = 1;
      expect(new Set(places(1))).toEqual(new Set(["here"]));
    }
  });

  test("is not slow for having more outputs to compute", () => {
    const depths: number[] = [];
    let clock = 0;
    const kernel = (begin: number, end: number) => {
      depths.push(stackDepth());
      clock += (end - begin) / OUTPUTS;
    };
    const placed = wellPlaced(kernel as (...args: number[]) => void, () => clock);
    for (let i = 0; i < 100; i++) placed(0, OUTPUTS * (i < 50 ? 1 : 5));
    expect(new Set(depths.slice(TRIAL_CALLS)).size).toBe(1);
  });

  test("gets its arguments, and its failure is the caller's", () => {
    const { places, calls } = timedKernel(1, 0.5);
    places(20);
    for (const { args } of calls) expect(args).toEqual([8, 16, 0, OUTPUTS]);
    const failing = wellPlaced(() => {
      throw new Error("out of bounds");
    });
    for (let i = 0; i < 20; i++) expect(() => failing(0, 1)).toThrow("out of bounds");
  });
});
