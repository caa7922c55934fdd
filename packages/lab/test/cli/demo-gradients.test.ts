import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { contestantsOf } from "@softdraw/experiments/demos/gradient-estimators";
import { decode } from "fast-png";
import { beforeAll, describe, expect, test } from "vitest";
import { call, type Finished, HOOK_TIMEOUT, records, softdraw, useFolder } from "./support.ts";

const folder = useFolder();
const OPTIONS = ["--n", "3", "--samples", "1,4", "--draws", "200", "--temperature", "0.5"];
const demo = (home: string, ...more: string[]) => call(home, "demo", "gradients", ...OPTIONS, ...more);

const namesFor = (values: number) =>
  contestantsOf("bernoulli", { values, temperature: 0.5, n: 3 }).map(({ name }) => name);

describe("demo gradients", () => {
  let home: string;
  let text: Finished;
  let json: Record<string, unknown>[];

  beforeAll(async () => {
    home = await folder.fresh();
    text = await demo(home);
    const { code, out, err } = await demo(home, "--json", "--out", "again.png");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    json = records(out);
  }, HOOK_TIMEOUT);

  const ofType = (type: string) => json.filter((record) => record.type === type);

  test("prints a table for each number of values, with every estimator that can do with them", () => {
    const { code, out, err } = text;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("bernoulli, 3 bits; quadratic: |A v - t|^2 / 8");
    expect(out).toContain("200 estimates of each estimator; temperature 0.5, seed 0\n");
    expect(out).toMatch(/exact: a gradient of length 0\.\d{4}, from all 8 values\n/);
    const [, one, four] = out.split(/\n\d values? of the cost an estimate\n/) as [string, string, string];
    for (const [table, values] of [
      [one, 1],
      [four, 4],
    ] as const) {
      const names = [...table.matchAll(/^│ ([a-z-]+(?:, [a-z-]+)*) +│/gm)].map(([, name]) => name);
      expect(names).toEqual(["estimator", ...namesFor(values)]);
    }
    expect(one).toMatch(/│ score-function +│ +1 │ not seen in 200 draws │ +\d\.\d{4} │ +\d\.\d{4} │ +\d+\.\d │/);
    expect(four).toMatch(/│ simple +│ +4 │ +0\.\d{4} ± 0\.\d{4} │ .* yes │/);
    expect(four).toMatch(/│ rebar +│ +3 │/);
    expect(out).toMatch(/\ngradients\.png: the clouds of estimates\n$/);
  });

  test("names the lowest error of its table, and the lowest of those that take any cost", () => {
    for (const budget of [1, 4]) {
      const found = ofType("estimator").filter((record) => record.budget === budget) as Record<string, number>[];
      const lowest = (list: typeof found) => list.toSorted((a, b) => a.rootMeanSquare! - b.rootMeanSquare!)[0]!;
      const best = lowest(found);
      const blackBox = lowest(found.filter(({ needsDerivative }) => !needsDerivative));
      expect(text.out).toContain(`The lowest error: ${best.name}, ${best.rootMeanSquare!.toFixed(4)}`);
      const named = `Without a derivative of the cost: ${blackBox.name}, ${blackBox.rootMeanSquare!.toFixed(4)}`;
      expect(text.out.includes(named)).toBe(best !== blackBox);
    }
  });

  test("--json: the exact gradient, and the figures of each estimator", () => {
    expect(ofType("exact")).toEqual([
      {
        type: "exact",
        gradient: [expect.any(Number), expect.any(Number), expect.any(Number)],
        logits: expect.any(Array),
        values: 8,
      },
    ]);
    const found = ofType("estimator");
    expect(found.map(({ name }) => name)).toEqual([...namesFor(1), ...namesFor(4)]);
    for (const record of found) {
      expect(record.draws).toBe(200);
      for (const figure of ["bias", "biasError", "leastBias", "deviation", "rootMeanSquare", "angle", "milliseconds"]) {
        expect(record[figure], `${record.name}, ${figure}`).toEqual(expect.any(Number));
      }
      expect(record).not.toHaveProperty("cloud");
    }
  });

  test("draws the clouds, the same for the same seed", async () => {
    expect((await readdir(home)).sort()).toEqual(["again.png", "gradients.png"]);
    const png = await readFile(join(home, "gradients.png"));
    expect((await readFile(join(home, "again.png"))).equals(png)).toBe(true);
    const { width, height } = decode(png);
    expect(width).toBe(1680);
    expect(height).toBeGreaterThan(1000);
    expect(ofType("picture")).toEqual([{ type: "picture", file: "again.png" }]);
  });

  test("other threads estimate the same, another seed something else", async () => {
    const figures = async (...more: string[]) => {
      const few = ["--n", "2", "--samples", "1", "--draws", "50", "--json", "--out", "other.png"];
      const { out } = await softdraw(home, "demo", "gradients", ...few, ...more);
      return records(out).map(({ milliseconds: _, ...rest }) => rest);
    };
    const expected = await figures("--seed", "5", "--threads", "1");
    expect(await figures("--seed", "6", "--threads", "1")).not.toEqual(expected);
    expect(await figures("--seed", "5", "--threads", "2")).toEqual(expected);
  });
});
