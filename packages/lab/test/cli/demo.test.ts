import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { subsetLaw } from "@softdraw/experiments/demos/subset-law";
import type { SamplerComparison } from "@softdraw/experiments/demos/subset-samplers";
import { decode } from "fast-png";
import { beforeAll, describe, expect, test } from "vitest";
import { call, type Finished, HOOK_TIMEOUT, records, softdraw, useFolder } from "./support.ts";

/**
 * The rate at which all five right samplers together would fail, were their seed drawn anew. The seed is fixed, so a test that
 * passes once passes always; the rate says how much a pass is worth.
 */
const FALSE_ALARM = 1e-4;

const SAMPLERS = ["sample", "hard", "threshold", "successive", "reservoir"];
const folder = useFolder();
const demo = (home: string, ...more: string[]) => call(home, "demo", "subset", ...more);

describe("demo subset", () => {
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

  const ofType = <T>(type: string) => json.filter((record) => record.type === type) as T[];
  const samplers = () => ofType<SamplerComparison & { draws: number }>("sampler");
  const subsets = () => ofType<{ subset: number[]; probability: number; shares: Record<string, number> }>("subset");

  test("prints the exact law beside the shares of every sampler, then how far they are apart", () => {
    const { code, out, err } = text;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("10,000 subsets of 2 from each sampler; items 1 to 4 have the weights 1, 2, 3, 4\n");
    expect(out).toMatch(/subset .* exact law .* sample .* hard .* threshold .* successive .* reservoir/);
    expect(out).toMatch(/│ \{3, 4\} +│ +0\.3714 │( +0\.3[67]\d\d │){5}/);
    expect(out).toMatch(/│ \{1, 2\} +│ +0\.0472 │( +0\.0[45]\d\d │){5}/);
    expect(out).toMatch(/sampler .* total variation .* chi-square \(5\) .* p-value .* entries above 1/);
    expect(out).toMatch(/│ reservoir +│ +0\.0\d{3} │ +\d+\.\d\d │ +0\.\d{3} │ +– │ +– │ +– │/);
    expect(out).toMatch(/│ threshold +│ +0\.0\d{3} │ +\d+\.\d\d │ +0\.\d{3} │ +0\.0000 │ +0\.00 % │ +0\.\d{4} │/);
    expect(out).toMatch(/\nsubsets\.png: the histogram\n$/);
  });

  test("every sampler has the law, by a chi-square test", () => {
    expect(samplers().map(({ name }) => name)).toEqual(SAMPLERS);
    for (const { draws, chiSquare, totalVariation } of samplers()) {
      expect(draws).toBe(10_000);
      expect(chiSquare.degreesOfFreedom).toBe(5);
      expect(chiSquare.pValue).toBeGreaterThan(FALSE_ALARM / SAMPLERS.length);
      expect(totalVariation).toBeLessThan(0.02);
    }
  });

  test("--json: the law and the shares of every subset, which sum to 1", () => {
    const law = subsetLaw([1, 2, 3, 4], 2);
    expect(subsets().map(({ subset }) => subset)).toEqual(law.map(({ subset }) => subset.map((item) => item + 1)));
    expect(subsets().map(({ probability }) => probability)).toEqual(law.map(({ probability }) => probability));
    for (const name of SAMPLERS) {
      expect(subsets().reduce((sum, { shares }) => sum + shares[name]!, 0)).toBeCloseTo(1, 12);
    }
  });

  test("--json: what only relaxed draws have, of those alone", () => {
    const relaxed = samplers().flatMap(({ name, relaxed }) => (relaxed ? [[name, Object.keys(relaxed)]] : []));
    const figures = ["entriesAboveOne", "drawsAboveOne", "meanTotalVariation"];
    expect(relaxed).toEqual([
      ["threshold", figures],
      ["successive", figures],
    ]);
  });

  test("draws the histogram, the same for the same seed, with the colours of its bars on white", async () => {
    expect((await readdir(home)).sort()).toEqual(["again.png", "subsets.png"]);
    const png = await readFile(join(home, "subsets.png"));
    expect((await readFile(join(home, "again.png"))).equals(png)).toBe(true);
    const { width, height, data, channels } = decode(png);
    expect(width).toBe(1520);
    expect(height).toBeGreaterThan(600);
    const pixels = new Set<string>();
    for (let i = 0; i < data.length; i += channels) pixels.add(data.subarray(i, i + 3).join());
    for (const color of ["255,255,255", "0,114,178", "213,94,0", "0,158,115", "204,121,167", "230,159,0", "0,0,0"]) {
      expect(pixels).toContain(color);
    }
    expect(ofType<{ file: string }>("picture")).toEqual([{ type: "picture", file: "again.png" }]);
  });

  test("another seed draws others; other threads draw the same", async () => {
    const shares = async (...more: string[]) => {
      const { out } = await softdraw(home, "demo", "subset", "--draws", "500", "--json", "--out", "other.png", ...more);
      return records(out).map((record) => record.shares);
    };
    const expected = await shares("--seed", "5", "--threads", "1");
    expect(await shares("--seed", "6", "--threads", "1")).not.toEqual(expected);
    expect(await shares("--seed", "5", "--threads", "2")).toEqual(expected);
  });

  test("a p-value says nothing when there are too few draws to compare", async () => {
    const { code, out } = await demo(home, "--draws", "3", "--out", "few.png");
    expect(code).toBe(0);
    expect(out).toMatch(/chi-square \(0\)/);
    expect(out).toMatch(/│ sample +│ +0\.\d{4} │ +0\.00 │ +– │/);
  });

  test("more subsets than fit in the picture are all in the table", async () => {
    const { code, out } = await demo(
      home,
      "--weights",
      "1,1,2,3,5,8,13",
      "--k",
      "3",
      "--draws",
      "200",
      "--out",
      "many.png",
    );
    expect(code).toBe(0);
    expect(out.match(/^│ \{\d, \d, \d\} /gm)).toHaveLength(35);
  });

  test("a picture that cannot be written is an error with the reason", async () => {
    const { code, err } = await demo(home, "--draws", "10", "--out", "none/subsets.png");
    expect(code).toBe(2);
    expect(err).toBe("error: --out: cannot write none/subsets.png: its folder does not exist (ENOENT).\n");
  });
});
