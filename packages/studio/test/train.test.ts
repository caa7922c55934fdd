/** What the page that trains makes of losses, fields and experiments. */

import { describe, expect, test } from "vitest";
import { describeExperiments } from "../src/lab/catalog.ts";
import { byExperiment } from "../src/pages/runs/compare.ts";
import { emptyCurve, extended, pointsOf, smoothed } from "../src/pages/train/curve.ts";
import { grouped, rangeOf } from "../src/pages/train/form.ts";
import { basicFieldsOf, familiesOf } from "../src/pages/train/presentations.ts";

describe("the mean of a curve", () => {
  test("does not lag: of a line it is the line, to both ends", () => {
    const line = Array.from({ length: 50 }, (_, i) => 3 - 0.25 * i);
    smoothed(line, 11).forEach((value, i) => {
      expect(value).toBeCloseTo(line[i]!, 10);
    });
  });

  test("is of as many points as it says, where there are so many", () => {
    const impulse = Array.from({ length: 21 }, (_, i) => (i === 10 ? 1 : 0));
    const mean = smoothed(impulse, 7);
    expect(mean.map((value) => Math.round(7 * value))).toEqual(impulse.map((_, i) => (Math.abs(i - 10) <= 3 ? 1 : 0)));
    expect(smoothed(impulse, 1)).toEqual(impulse);
  });

  test("is of an odd number of points that is nearest to the steps", () => {
    let long = emptyCurve;
    for (let first = 1; first <= 5000; first += 100) long = extended(long, first, new Array<number>(100).fill(1));
    expect(long.every).toBe(4);
    expect(pointsOf(long, 41)).toBe(11);
    expect(pointsOf(emptyCurve, 41)).toBe(41);
    expect(pointsOf(long, 1)).toBe(1);
  });
});

describe("experiments", () => {
  const all = describeExperiments();

  test("are each in one family", () => {
    const shown = familiesOf(all).flatMap(({ variants }) => variants.map(({ facts }) => facts.name));
    expect(shown.toSorted()).toEqual(all.map(({ name }) => name).toSorted());
    const own = { name: "mine", title: "Mine" };
    expect(familiesOf([own])).toEqual([{ title: "Mine", variants: [{ label: "Mine", facts: own }] }]);
  });

  test.each(all)(
    "$name has fields with bounds that a person may mean, each in one group, the basic ones among them",
    ({ name, fields }) => {
      for (const { type, ...bounds } of Object.values(fields)) {
        if (type !== "integer" && type !== "number") continue;
        const { from, to } = rangeOf(bounds);
        // As it is shown, to six digits.
        for (const bound of [from, to]) expect(Number(bound.toPrecision(6))).toBe(bound);
        expect(Math.max(-from, to)).toBeLessThanOrEqual(4e9);
      }
      const groups = grouped(Object.entries(fields));
      expect(groups.flatMap((group) => group.fields.map(([field]) => field)).toSorted()).toEqual(
        Object.keys(fields).toSorted(),
      );
      for (const field of basicFieldsOf(name.split(" ")[0]!)) {
        if (all.every((one) => !one.name.startsWith(name.split(" ")[0]!) || !(field in one.fields))) {
          throw new Error(`${field} is a field of no ${name}.`);
        }
      }
    },
  );
});

test("runs are compared with those of their experiment and task only", () => {
  const run = (experiment: string, config: object) => ({ experiment, config });
  const [a, b, c, d] = [
    run("vae", {}),
    run("explain", { task: "xor" }),
    run("explain", { task: "digits" }),
    run("vae", {}),
  ];
  expect(byExperiment([a, b, c, d])).toEqual([
    { experiment: "vae", runs: [a, d] },
    { experiment: "explain xor", runs: [b] },
    { experiment: "explain digits", runs: [c] },
  ]);
});
