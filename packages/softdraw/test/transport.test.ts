/** `transport`: against Sinkhorn's iterations in float64, with sums, penalties and slack; its gradients, and what is refused. */

import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { values } from "@softdraw/testing/device";
import { watchArrays } from "@softdraw/testing/live-arrays";
import { differences, largestDifference, normals } from "@softdraw/testing/numbers";
import { isThorough } from "@softdraw/testing/thorough";
import { permutation, type TransportOptions, transport } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

const { NEGATIVE_INFINITY, POSITIVE_INFINITY, NaN: NOT_A_NUMBER } = Number;

const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);
const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const matrix = (x: number[], m: number, n: number, batch: number[] = []) => np.array(x, { shape: [...batch, m, n] });

interface Problem {
  m: number;
  n: number;
  temperature: number;
  iterations: number;
  rows?: number[];
  columns?: number[];
  rowPenalty?: number;
  columnPenalty?: number;
  rowSlack?: number;
  columnSlack?: number;
}

/** The plan in float64 and in the log domain, by the definition, row by row. */
function exactPlan(logits: number[], problem: Problem): number[] {
  const { m, n, temperature, iterations, rowPenalty = POSITIVE_INFINITY, columnPenalty = POSITIVE_INFINITY } = problem;
  const { rowSlack, columnSlack } = problem;
  const hasSlack = rowSlack !== undefined || columnSlack !== undefined;
  const rows =
    problem.rows ?? (problem.columns ? range(m).map(() => sum(problem.columns!) / m) : range(m).map(() => 1));
  const columns =
    problem.columns ?? (hasSlack && !problem.rows ? range(n).map(() => 1) : range(n).map(() => sum(rows) / n));
  const difference = sum(rows) - sum(columns);
  const both = rowSlack !== undefined && columnSlack !== undefined;
  const a = columnSlack === undefined ? rows : [...rows, both ? sum(columns) : -difference];
  const b = rowSlack === undefined ? columns : [...columns, both ? sum(rows) : difference];
  const at = (i: number, j: number) =>
    (i < m && j < n ? logits[i * n + j]! : i < m ? rowSlack! : j < n ? columnSlack! : 0) / temperature;
  const power = (rho: number) => (rho === POSITIVE_INFINITY ? 1 : rho / (rho + temperature));
  const logSumExp = (x: number[]) => {
    const top = Math.max(...x);
    return top === NEGATIVE_INFINITY ? top : top + Math.log(sum(x.map((y) => Math.exp(y - top))));
  };
  let f = a.map(() => 0);
  // What has no mass takes no part from the beginning.
  let g = b.map((target) => (target === 0 ? NEGATIVE_INFINITY : 0));
  const scaled = (target: number, total: number, rho: number) =>
    target === 0 ? NEGATIVE_INFINITY : power(rho) * (Math.log(target) - total);
  for (let t = 0; t < iterations; t++) {
    f = a.map((target, i) => scaled(target, logSumExp(b.map((_, j) => at(i, j) + g[j]!)), rowPenalty));
    g = b.map((target, j) => scaled(target, logSumExp(a.map((_, i) => at(i, j) + f[i]!)), columnPenalty));
  }
  return range(m).flatMap((i) => range(n).map((j) => Math.exp(at(i, j) + f[i]! + g[j]!)));
}

const base = { m: 3, n: 5, temperature: 0.7, iterations: 20 };
const rows = [0.5, 1.5, 1];
const columns = [0.2, 0.8, 0.5, 0.5, 1];
const problems: Record<string, Problem> = {
  "a rectangle": base,
  "a tall rectangle": { ...base, m: 6, n: 2 },
  "given rows": { ...base, rows },
  "given columns": { ...base, columns },
  "given rows and columns": { ...base, rows, columns },
  "sums of 0": { ...base, rows: [0, 2, 1], columns: [0, 1, 0, 0.5, 1.5] },
  "small sums": { ...base, rows: rows.map((x) => x * 1e-6), columns: columns.map((x) => x * 1e-6) },
  "a penalty on rows": { ...base, rows, columns, rowPenalty: 0.5 },
  "a penalty on columns": { ...base, rows, columns, columnPenalty: 2 },
  "penalties, and other totals": {
    ...base,
    rows,
    columns: columns.map((x) => 2 * x),
    rowPenalty: 1,
    columnPenalty: 0.3,
  },
  "a penalty, of a square": { ...base, m: 4, n: 4, rowPenalty: 1 },
  "slack for both": { ...base, rowSlack: 0.3, columnSlack: -0.2 },
  "slack for columns": { ...base, columnSlack: 0.5 },
  "slack for rows": { ...base, m: 5, n: 3, rowSlack: -1 },
  "slack for rows that have sums": { ...base, rows: [2, 2, 2], columns, rowSlack: -1 },
  "slack and a penalty": { ...base, rowSlack: 0.1, columnSlack: 0, columnPenalty: 1 },
  "a single row": { ...base, m: 1, n: 4, columns: [0.1, 0.2, 0.3, 0.4] },
  "a single column": { ...base, m: 4, n: 1, rows: [1, 2, 3, 4] },
  "a single row with a penalty": { ...base, m: 1, n: 4, rowPenalty: 1, columnPenalty: 2 },
  "a single entry with a penalty": { ...base, m: 1, n: 1, rowPenalty: 1 },
  "a low temperature": { ...base, rows, columns, temperature: 0.02 },
  "a low temperature and slack": { ...base, rowSlack: 0.3, columnSlack: -0.2, temperature: 0.02 },
  "a low temperature and a penalty": { ...base, rows, columns, rowPenalty: 1, columnPenalty: 1, temperature: 0.02 },
  "many of them": { ...base, m: 40, n: 30, temperature: 0.05, iterations: 60 },
  "many with slack": { ...base, m: 40, n: 30, rowSlack: 0, columnSlack: 0, iterations: 45 },
};

/** The options of a problem, lists as arrays. */
const optionsOf = ({ m, n, rows, columns, ...rest }: Problem): TransportOptions => ({
  ...rest,
  ...(rows && { rows: np.array(rows) }),
  ...(columns && { columns: np.array(columns) }),
});

describe.each(Object.entries(problems))("%s", (_, problem) => {
  const { m, n, temperature } = problem;
  const penalized = problem.rowPenalty !== undefined || problem.columnPenalty !== undefined;
  const logits = normals(m * n, m * n, 1).map((l) => Math.fround(penalized ? -Math.abs(l) : l));
  const size = Math.max(...exactPlan(logits, problem));
  const tolerance = (2e-6 + (2 ** -22 * Math.max(...logits.map(Math.abs))) / temperature) * Math.max(size, 1e-30);

  test("is that of float64, after any number of iterations and in every form", async () => {
    for (const iterations of [1, 2, problem.iterations]) {
      const expected = exactPlan(logits, { ...problem, iterations });
      for (const gradient of ["unrolled", "implicit"] as const) {
        const options = { ...optionsOf({ ...problem, iterations }), gradient };
        const found = await values(transport.sinkhorn(matrix(logits, m, n), options));
        expect(largestDifference(found, expected)).toBeLessThan(tolerance);
      }
      if (temperature < 0.1) continue;
      for (const form of ["log", "scaling"] as const) {
        const found = await values(
          transport.sinkhorn(matrix(logits, m, n), { ...optionsOf({ ...problem, iterations }), form }),
        );
        expect(largestDifference(found, expected)).toBeLessThan(4 * tolerance + 4e-5 * size);
      }
    }
  });

  test("has the gradient of float64 by finite differences, of the iterations and of what they converge to", async () => {
    if (m * n > 100) return;
    const [some, many] = [3, 100];
    const cotangent = normals(7, m * n);
    const lossOf = (x: number[], iterations: number) =>
      sum(exactPlan(x, { ...problem, iterations }).map((p, i) => p * cotangent[i]!)) / size;
    const gradientBy = (options: TransportOptions) =>
      values(
        grad((l: Array) =>
          transport
            .sinkhorn(l, { ...optionsOf(problem), ...options })
            .mul(matrix(cotangent, m, n))
            .sum(),
        )(matrix(logits, m, n)),
      );
    const closeTo = async (found: number[], iterations: number) => {
      const numeric = differences((x) => lossOf(x, iterations), logits);
      expect(largestDifference(found.map((g) => g / size), numeric)).toBeLessThan(temperature < 0.1 ? 2e-2 : 2e-4); // biome-ignore format: short
    };
    await closeTo(await gradientBy({ iterations: some }), some);
    if (temperature < 0.1) return;
    await closeTo(await gradientBy({ iterations: some, form: "log" }), some);
    await closeTo(await gradientBy({ iterations: some, form: "scaling" }), some);
    await closeTo(await gradientBy({ iterations: many, gradient: "implicit" }), 1000);
  });
});

test("sums as lists of numbers are those of arrays, computed with fewer exponentials", async () => {
  for (const problem of [
    problems["given rows and columns"]!,
    problems["sums of 0"]!,
    problems["small sums"]!,
    { ...base, rows, columns, rowSlack: 0, columnSlack: 0.2 },
    { ...base, rows: [2, 1, 1], columns, rowSlack: -1 },
    { ...base, rows, columnSlack: 0.1, columns: [1, 1, 1, 1, 1] },
  ] as Problem[]) {
    const { m, n, rowSlack, columnSlack } = problem;
    const slack = { rowSlack, columnSlack };
    const logits = () => matrix(normals(15, m * n), m, n);
    for (const temperature of [1, 0.01]) {
      const options = { ...slack, temperature, iterations: 50, gradient: "implicit" } as const;
      const ofLists = await values(
        transport.sinkhorn(logits(), { ...options, rows: problem.rows!, columns: problem.columns! }),
      );
      const arrays = { rows: np.array(problem.rows!), columns: np.array(problem.columns!) };
      const ofArrays = await values(transport.sinkhorn(logits(), { ...options, ...arrays }));
      expect(largestDifference(ofLists, ofArrays)).toBeLessThan(1e-4 * Math.max(...ofArrays));
    }
  }
});

describe("gradients by what is given", () => {
  const logits = normals(1, 15).map((l) => -Math.abs(l));
  const cotangent = normals(2, 15);
  const given = { rows, columns, rowPenalty: 1.3, columnPenalty: 0.6, temperature: 0.8 };
  const names = ["rows", "columns", "rowPenalty", "columnPenalty", "temperature"] as const;

  test.each(names.flatMap((name) => (["unrolled", "implicit"] as const).map((gradient) => [name, gradient] as const)))(
    "by %s equal finite differences, %s",
    async (name, gradient) => {
      const iterations = gradient === "unrolled" ? 3 : 100;
      const at = [given[name]].flat();
      const lossOf = (x: number[]) =>
        sum(
          exactPlan(logits, { m: 3, n: 5, iterations, ...given, [name]: at.length > 1 ? x : x[0]! }).map(
            (p, i) => p * cotangent[i]!,
          ),
        );
      const loss = (x: Array) => {
        const arrays = { rows: np.array(rows), columns: np.array(columns) };
        const options = { ...given, ...arrays, iterations, gradient, [name]: at.length > 1 ? x : x.reshape([]) };
        return transport
          .sinkhorn(matrix(logits, 3, 5), options)
          .mul(matrix(cotangent, 3, 5))
          .sum();
      };
      const found = await values(grad(loss)(np.array(at)));
      expect(largestDifference(found, differences(lossOf, at))).toBeLessThan(3e-4);
    },
  );

  test.each(["rowSlack", "columnSlack"] as const)("by %s equal finite differences", async (name) => {
    const slack = { rowSlack: 0.3, columnSlack: 0.1 };
    const options = { m: 3, n: 5, iterations: 6, temperature: 0.8, ...slack };
    const lossOf = ([x]: number[]) =>
      sum(exactPlan(logits, { ...options, [name]: x! }).map((p, i) => p * cotangent[i]!));
    const loss = (x: Array) =>
      transport
        .sinkhorn(matrix(logits, 3, 5), { ...optionsOf(options), [name]: x })
        .mul(matrix(cotangent, 3, 5))
        .sum();
    const [found] = await values(jit(grad(loss))(np.array(slack[name])));
    expect(Math.abs(found! - differences(lossOf, [slack[name]])[0]!)).toBeLessThan(2e-4);
  });
});

describe("the square with sums of 1", () => {
  test("is permutation.sinkhorn, to the last bit, with its gradient", async () => {
    for (const [form, gradient] of [
      ["auto", "unrolled"],
      ["auto", "implicit"],
      ["log", "unrolled"],
      ["scaling", "unrolled"],
    ] as const) {
      const options = { temperature: 0.3, form, gradient };
      const logits = () => matrix(normals(3, 50), 5, 5, [2]);
      const both = [permutation.sinkhorn, transport.sinkhorn] as const;
      const [a, b] = await Promise.all(both.map((f) => values(f(logits(), options))));
      expect(b).toEqual(a);
      const weights = () => matrix(normals(4, 50), 5, 5, [2]);
      const [c, d] = await Promise.all(
        both.map((f) => values(grad((l: Array) => f(l, options).mul(weights()).sum())(logits()))),
      );
      expect(d).toEqual(c);
    }
  });

  test("that are given is nearly that", async () => {
    const logits = () => matrix(normals(3, 25), 5, 5);
    const ones = range(5).map(() => 1);
    const found = await values(transport.sinkhorn(logits(), { rows: ones, columns: ones, temperature: 0.1 }));
    expect(largestDifference(found, await values(permutation.sinkhorn(logits(), { temperature: 0.1 })))).toBeLessThan(
      1e-5,
    );
  });
});

describe("potentials", () => {
  const cases: Record<string, TransportOptions> = {
    "of a rectangle": {},
    "of given sums": { rows, columns },
    "of penalties": { rows, columns, rowPenalty: 1, columnPenalty: 2 },
    "of slack": { rowSlack: 0.5, columnSlack: 0.2 },
    "of small sums": { rows: rows.map((x) => x / 1000), columns: columns.map((x) => x / 1000) },
  };

  test.each(Object.entries(cases))("%s make the plan, and others begin from them", async (_, options) => {
    const logits = normals(5, 15).map((l) => -Math.abs(l));
    const temperature = 0.1;
    const all = { ...options, temperature, iterations: 30 };
    const found = transport.potentials(matrix(logits, 3, 5), all);
    const [f, g] = [await values(found.rows.ref), await values(found.columns.ref)];
    const plan = await values(transport.sinkhorn(matrix(logits, 3, 5), all));
    const size = Math.max(...plan);
    const made = logits.map((l, k) => Math.exp((l + f[Math.floor(k / 5)]! + g[k % 5]!) / temperature));
    expect(largestDifference(made, plan)).toBeLessThan(2e-4 * size);
    found.rows.dispose();
    const warm = await values(
      transport.sinkhorn(matrix(logits, 3, 5), { ...all, iterations: 10, start: found.columns }),
    );
    const whole = await values(transport.sinkhorn(matrix(logits, 3, 5), { ...all, iterations: 40 }));
    expect(largestDifference(warm, whole)).toBeLessThan(2e-4 * size);
  });

  test("iterationsFor counts what a tolerance takes, fewer from a good beginning", async () => {
    const logits = () => matrix(normals(6, 15), 3, 5);
    const options = { rows, columns, temperature: 0.05, tolerance: 1e-3 };
    const cold = await transport.iterationsFor(logits(), options);
    expect(cold).toBeGreaterThan(3);
    const residual = async (iterations: number) => {
      const plan = transport.sinkhorn(logits(), { rows, columns, temperature: 0.05, iterations });
      return (await values(transport.residual(plan, { rows, columns })))[0]!;
    };
    expect(await residual(cold)).toBeLessThan(1.1e-3);
    expect(await residual(cold - 1)).toBeGreaterThan(0.9e-3);
    const { rows: f, columns: g } = transport.potentials(logits(), {
      rows,
      columns,
      temperature: 0.05,
      iterations: cold,
    });
    f.dispose();
    expect(await transport.iterationsFor(logits(), { ...options, start: g })).toBeLessThan(cold / 2);
    expect(await transport.iterationsFor(logits(), { ...options, limit: 2 })).toBe(POSITIVE_INFINITY);
    const penalized = { ...options, rowPenalty: 1, columnPenalty: 1 };
    expect(await transport.iterationsFor(matrix(normals(6, 15), 3, 5), penalized)).toBeGreaterThan(1);
    await expect(transport.iterationsFor(matrix(normals(6, 15), 3, 5), { rows: np.array([1, NOT_A_NUMBER, 1]) })).rejects.toThrow("there is no plan"); // biome-ignore format: short
  });
});

describe("matchings", () => {
  /** The best by trying all: each row has one of the columns, no column twice, or none. */
  function best(logits: number[], m: number, n: number, rowSlack?: number, columnSlack?: number) {
    let found = { worth: NEGATIVE_INFINITY, pairs: [] as number[] };
    const go = (pairs: number[], worth: number) => {
      const i = pairs.length;
      if (i === m) {
        const free = n - pairs.filter((j) => j >= 0).length;
        const whole = worth + (free === 0 ? 0 : columnSlack === undefined ? NEGATIVE_INFINITY : free * columnSlack);
        if (whole > found.worth) found = { worth: whole, pairs };
        return;
      }
      for (const j of range(n)) if (!pairs.includes(j)) go([...pairs, j], worth + logits[i * n + j]!);
      if (rowSlack !== undefined) go([...pairs, -1], worth + rowSlack);
    };
    go([], 0);
    return range(m).flatMap((i) => range(n).map((j) => (found.pairs[i] === j ? 1 : 0)));
  }

  const matchings: [m: number, n: number, rowSlack?: number | undefined, columnSlack?: number][] = [
    [3, 3],
    [3, 5, 0.2, -0.4],
    [3, 5, undefined, 0.2],
    [5, 3, -0.1],
    [4, 4, 0.3, 0.1],
  ];

  test.each(isThorough ? matchings : matchings.slice(0, 2))(
    "mode of %i x %i, with slacks %f and %f, is the best, and softMode tends to it",
    async (m, n, rowSlack, columnSlack) => {
      const seeds = range(5).map((seed) => normals(seed, m * n));
      const batch = () => matrix(seeds.flat(), m, n, [5]);
      const options = { rowSlack, columnSlack };
      const expected = seeds.flatMap((logits) => best(logits, m, n, rowSlack, columnSlack));
      expect(await values(await transport.mode(batch(), options))).toEqual(expected);
      const cold = { ...options, temperature: 1e-3, iterations: 3000, gradient: "implicit" } as const;
      expect(largestDifference(await values(transport.softMode(batch(), cold)), expected)).toBeLessThan(0.2);
    },
  );

  test("of equals mode takes the first, of small squares without both slacks", async () => {
    const first = [1, 0, 0, 0, 1, 0, 0, 0, 1];
    for (const options of [{}, { rowSlack: 0.5 }, { columnSlack: np.array([1, 1, 1]) }]) {
      expect(await values(await transport.mode(np.zeros([3, 3]), options))).toEqual(first);
    }
  });

  test("relax tends to sample of the same key", async () => {
    const options = { rowSlack: 0.5, columnSlack: 0.5 };
    const exact = await values(await transport.sample(random.key(3), matrix(normals(8, 60), 3, 4, [5]), options));
    const cold = { ...options, temperature: 0.01, iterations: 1000, gradient: "implicit" } as const;
    const relaxed = await values(transport.relax(random.key(3), matrix(normals(8, 60), 3, 4, [5]), cold));
    expect(largestDifference(relaxed, exact)).toBeLessThan(0.2);
  });
});

describe("slack that is not finite", () => {
  test.each([NOT_A_NUMBER, POSITIVE_INFINITY, NEGATIVE_INFINITY])(
    "an entry of %d is named, by mode and sample",
    async (entry) => {
      const slack = { rowSlack: 0, columnSlack: np.array([0, entry]) };
      const message = `columnSlack must be finite, got ${entry}.`;
      const square = () => matrix(normals(1, 4), 2, 2);
      await expect(transport.mode(square(), { ...slack, columnSlack: slack.columnSlack.ref })).rejects.toThrow(
        new RangeError(`transport.mode: ${message}`),
      );
      await expect(transport.sample(random.key(0), square(), slack)).rejects.toThrow(message);
      expect(slack.columnSlack.refCount).toBe(0);
    },
  );
});

describe("what there is no plan of", () => {
  const logits = () => matrix(normals(1, 12), 2, 3, [2]);
  const bad: Record<string, TransportOptions> = {
    "totals that do not match": { rows: np.array([1, 1]), columns: np.array([1, 1, 1]) },
    "a negative sum": { rows: np.array([3, -1]), columns: np.array([1, 0.5, 0.5]) },
    "a sum of NaN": { rows: np.array([NOT_A_NUMBER, 1]) },
    "sums of 0 alone": { rows: np.array([0, 0]) },
    "a penalty of 0": { rowPenalty: np.array([0, 0]).slice(0) },
    "slack with too little mass": { rows: np.array([1, 1]), columns: np.array([1, 1, 1]), rowSlack: 0 },
  };
  test.each(Object.entries(bad))("of %s is NaN", async (_, options) => {
    expect((await values(transport.sinkhorn(logits(), options))).every(Number.isNaN)).toBe(true);
  });

  test("a logit of NaN, or a row with mass and no way, spoils its own matrix alone", async () => {
    for (const row of [
      [NOT_A_NUMBER, 0, 0],
      [POSITIVE_INFINITY, 0, 0],
      [NEGATIVE_INFINITY, NEGATIVE_INFINITY, NEGATIVE_INFINITY],
    ]) {
      const spoilt = () => matrix([...normals(1, 6), ...row, 0, 0, 0], 2, 3, [2]);
      for (const options of [{}, { rows: np.array([1, 2]), columns: np.array([1, 1, 1]) }]) {
        const found = await values(transport.sinkhorn(spoilt(), options));
        expect(found.slice(0, 6).every(Number.isFinite)).toBe(true);
        expect(found.slice(6).every(Number.isNaN)).toBe(true);
      }
    }
  });

  test("a row without mass may have no way, and takes part in nothing", async () => {
    const masked = [0.3, 0.1, NEGATIVE_INFINITY, NEGATIVE_INFINITY];
    const found = await values(transport.sinkhorn(matrix(masked, 2, 2), { rows: [2, 0], columns: [1, 1] }));
    expect(largestDifference(found, [1, 1, 0, 0])).toBeLessThan(1e-6);
    const weights = matrix([1, 2, 3, 4], 2, 2);
    const loss = (l: Array) =>
      transport
        .sinkhorn(l, { rows: [2, 0], columns: [1, 1] })
        .mul(weights)
        .sum();
    expect((await values(grad(loss)(matrix(masked, 2, 2)))).every(Number.isFinite)).toBe(true);
  });

  test("a forbidden pair is 0, and has no gradient", async () => {
    const masked = () => matrix([NEGATIVE_INFINITY, 0, 1, 0, -1e9, 0.5], 2, 3);
    const cases: TransportOptions[] = [{}, { rowSlack: 0, columnSlack: 0 }, { rowPenalty: 1 }];
    for (const options of cases) {
      const found = await values(transport.sinkhorn(masked(), options));
      expect([found[0], found[4]]).toEqual([0, 0]);
      const weights = matrix(normals(3, 6), 2, 3);
      const gradient = await values(
        grad((l: Array) => transport.sinkhorn(l, options).mul(weights.ref).sum())(masked()),
      );
      expect([gradient[0]!, gradient[4]!].map(Math.abs)).toEqual([0, 0]);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("published numbers", () => {
  const half = [0.5, 0.5];
  const small = { given: { rows: half, columns: half }, costs: [0, 1, 1, 0], n: 2, temperature: 1 };
  const wide = { costs: [0, 1, 3, 2, 0.5, 1], n: 3, temperature: 0.2 };
  const found: Record<
    string,
    { given: TransportOptions; costs: number[]; n: number; temperature: number; plan: number[] }
  > = {
    "the documentation of POT's ot.sinkhorn": {
      ...small,
      plan: [0.36552929, 0.13447071, 0.13447071, 0.36552929],
    },
    "the documentation of POT's ot.sinkhorn_unbalanced": {
      ...small,
      given: { ...small.given, rowPenalty: 1, columnPenalty: 1 },
      plan: [0.51122823, 0.18807035, 0.18807035, 0.51122823],
    },
    "POT 0.8.2, ot.sinkhorn": {
      ...wide,
      given: { rows: [0.4, 0.6], columns: [0.2, 0.5, 0.3] },
      plan: [1.99998881e-1, 1.99890644e-1, 1.10475408e-4, 1.11900908e-6, 3.00109356e-1, 2.99889525e-1],
    },
    "POT 0.8.2, ot.unbalanced.sinkhorn_knopp_unbalanced": {
      ...wide,
      given: { rows: [0.4, 0.6], columns: [0.4, 1, 0.6], rowPenalty: 0.7, columnPenalty: 0.7 },
      plan: [4.32825539e-1, 3.67317013e-2, 8.28912276e-6, 2.14291158e-5, 4.87992829e-1, 1.991084e-1],
    },
  };
  test.each(Object.entries(found))("of %s", async (_, { given, costs, n, temperature, plan }) => {
    const options = { ...given, temperature, iterations: 300, gradient: "implicit" } as const;
    const logits = matrix(costs.map((cost) => -cost), 2, n); // biome-ignore format: short
    expect(largestDifference(await values(transport.sinkhorn(logits, options)), plan)).toBeLessThan(1e-6);
  });
});

describe("outliers and beginnings of any size", () => {
  test.each([
    [100, 0.1, 1, 1],
    [200, 1, 1, 1],
    [500, 0.5, 1, undefined],
    [3e4, 0.01, 20, undefined],
  ])("a cost of %d at temperature %d beside penalties", async (cost, temperature, rowPenalty, columnPenalty) => {
    const logits = [-cost, -cost, 0, -1];
    const given = { temperature, rowPenalty, ...(columnPenalty && { columnPenalty }) };
    const problem = { m: 2, n: 2, iterations: 20, ...given };
    const expected = exactPlan(logits, problem);
    const far = () => matrix(logits, 2, 2);
    expect(largestDifference(await values(transport.sinkhorn(far(), given)), expected)).toBeLessThan(1e-5);
    const { rows, columns } = transport.potentials(far(), given);
    const [f, g] = [await values(rows), await values(columns)];
    const made = logits.map((l, k) => Math.exp((l + f[Math.floor(k / 2)]! + g[k % 2]!) / temperature));
    expect(largestDifference(made, expected)).toBeLessThan(1e-4 + (1e-7 * cost) / temperature);
    const loss = (options: TransportOptions) => (l: Array) =>
      transport
        .sinkhorn(l, { ...given, ...options })
        .mul(matrix([1, 2, 3, 4], 2, 2))
        .sum();
    for (const gradient of ["unrolled", "implicit"] as const) {
      expect((await values(grad(loss({ gradient }))(far()))).every(Number.isFinite)).toBe(true);
    }
  });

  test("the plan does not depend on where the iterations begin, and is none where that is no number", async () => {
    const logits = [3, 2, 0, 0, 1, 1, 1, 1, 4];
    const options = { iterations: 60, temperature: 0.9 };
    const expected = exactPlan(logits, { m: 3, n: 3, ...options });
    const begun = async (start: number[], more: TransportOptions = {}) =>
      values(transport.sinkhorn(matrix(logits, 3, 3), { ...options, ...more, start: np.array(start) }));
    const beginnings = [[-1e8, 0, 0], [-1e6, 3, 0], [1e30, 0, -1e30], [3e38, -3e38, 0], [1e8, 1e8, 1e8]]; // biome-ignore format: short
    for (const start of beginnings) {
      expect(largestDifference(await begun(start), expected)).toBeLessThan(2e-6);
      const more = { rows: np.ones([3]), gradient: "implicit" } as const;
      expect(largestDifference(await begun(start, more), expected)).toBeLessThan(2e-6);
      for (const form of ["log", "scaling"] as const) {
        expect(largestDifference(await begun(start, { form, gradient: "implicit" }), expected)).toBeLessThan(1e-4);
      }
    }
    for (const start of [NEGATIVE_INFINITY, POSITIVE_INFINITY, NOT_A_NUMBER]) {
      for (const more of [{}, { rowPenalty: 1 }, { rowSlack: 0, columnSlack: 0 }]) {
        expect((await begun([start, 0, 0], more)).every(Number.isNaN)).toBe(true);
      }
      const counted = transport.iterationsFor(matrix(logits, 3, 3), { start: np.array([start, 0, 0]) });
      await expect(counted).rejects.toThrow("a start that is not finite");
    }
  });

  test("iterationsFor says where one matrix of a batch has no plan", async () => {
    const spoilt = () => matrix([NOT_A_NUMBER, 0, 0, 0, 1, 2, 3, 4], 2, 2, [2]);
    for (const options of [{}, { rowPenalty: 1 }, { rows: np.ones([2]) }]) {
      await expect(transport.iterationsFor(spoilt(), options)).rejects.toThrow("there is no plan");
    }
    await expect(permutation.iterationsFor(spoilt())).rejects.toThrow("permutation.iterationsFor: no matrix");
  });

  test("a plan by scalings is NaN where they overflow", async () => {
    const logits = () => matrix([-1, -2, -4, -3, -1, -2], 2, 3);
    const options = { temperature: 0.01, iterations: 500, gradient: "implicit" } as const;
    const found = await values(transport.sinkhorn(logits(), { ...options, form: "scaling" }));
    expect(found.every(Number.isNaN)).toBe(true);
    const right = await values(transport.sinkhorn(logits(), options));
    expect(largestDifference(right, [2 / 3, 1 / 3, 0, 0, 1 / 3, 2 / 3])).toBeLessThan(1e-5);
  });

  test("sums of 1e-30 are kept beside sums of 1", async () => {
    const found = await values(transport.sinkhorn(matrix([0, 1, 1, 0], 2, 2), { rows: [1e-30, 1] }));
    expect(found.slice(0, 2).reduce((a, b) => a + b) / 1e-30).toBeCloseTo(1, 4);
  });
});

test("batches, vmap and jit agree, and the sums broadcast", async () => {
  const logits = normals(9, 2 * 12);
  const options = { rows: [1, 2, 1], temperature: 0.4, columns: np.array([[1, 1, 1, 1], [2, 1, 0.5, 0.5]]) }; // biome-ignore format: short
  const together = await values(
    transport.sinkhorn(matrix(logits, 3, 4, [2]), { ...options, columns: options.columns.ref }),
  );
  const apart = async (i: number) =>
    values(
      transport.sinkhorn(matrix(logits.slice(12 * i, 12 * i + 12), 3, 4), {
        ...options,
        columns: options.columns.ref.slice(i),
      }),
    );
  expect(largestDifference(together, [...(await apart(0)), ...(await apart(1))])).toBeLessThan(1e-6);
  const one = (l: Array, c: Array) =>
    transport.sinkhorn(l, { rows: np.array([1, 2, 1]), columns: c, temperature: 0.4 });
  expect(
    largestDifference(await values(vmap(one)(matrix(logits, 3, 4, [2]), options.columns.ref)), together),
  ).toBeLessThan(1e-6);
  expect(largestDifference(await values(jit(one)(matrix(logits, 3, 4, [2]), options.columns)), together)).toBeLessThan(
    1e-6,
  );
});

test("a plan and its transpose move items", async () => {
  const plan = () => matrix([1, 0, 0.5, 0, 1, 0.5], 2, 3);
  expect(await values(transport.apply(plan(), np.array([1, 2, 3])))).toEqual([2.5, 3.5]);
  expect(await values(transport.applyInverse(plan(), np.array([[1, 2], [3, 4]])))).toEqual([1, 2, 3, 4, 2, 3]); // biome-ignore format: short
});

test("values and gradients are finite for large logits, and at any temperature", async () => {
  const cases: TransportOptions[] = [{}, { rows: [1, 2], columns: [0.5, 1.5, 1] }, { rowSlack: 0, columnSlack: 0 }];
  for (const options of cases) {
    for (const temperature of isThorough ? [2 ** -126, 1e-20, 1e-3, 1, 1e9, 3e38] : [2 ** -126, 1, 3e38]) {
      for (const logits of [normals(1, 6, 1e4), normals(1, 6), [1e4, 1e4, 1e4, 1e4, 1e4, 1e4]]) {
        const f = (l: Array) => transport.sinkhorn(l, { ...options, temperature });
        const found = await values(f(matrix(logits, 2, 3)));
        expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...found)).toBeLessThan(3.001);
        const gradient = await values(
          grad((l: Array) =>
            f(l)
              .mul(matrix(normals(2, 6), 2, 3))
              .sum(),
          )(matrix(logits, 2, 3)),
        );
        expect(gradient.every(Number.isFinite)).toBe(true);
      }
    }
  }
});

describe("arguments", () => {
  const logits = () => np.zeros([2, 3]);
  const calls: [string, () => unknown, RegExp][] = [
    ["totals of lists", () => transport.sinkhorn(logits(), { rows: [1, 1], columns: [1, 1, 1] }), /^transport.sinkhorn: rows and columns must have one total, got 2 and 3\. A penalty or a slack allows others\.$/], // biome-ignore format: short
    ["a negative number", () => transport.sinkhorn(logits(), { rows: [1, -1] }), /rows must be 2 numbers of 0 or more, not all of them 0, or an array \[\.\.\., 2\], got \[1, -1\]/], // biome-ignore format: short
    ["a list of another length", () => transport.softMode(logits(), { columns: [1, 1] }), /^transport.softMode: columns must be 3 numbers/], // biome-ignore format: short
    ["an array of another shape", () => transport.sinkhorn(logits(), { rows: np.ones([3]) }), /rows must have shape \[2\]/], // biome-ignore format: short
    ["a penalty", () => transport.sinkhorn(logits(), { rowPenalty: 0 }), /rowPenalty must be a positive number, got 0/],
    ["a slack", () => transport.sinkhorn(logits(), { rowSlack: NOT_A_NUMBER }), /rowSlack must be a finite number, got NaN/], // biome-ignore format: short
    ["totals of lists beside a slack of -Infinity", () => transport.sinkhorn(logits(), { rows: [1, 1], columns: [1, 1, 1], columnSlack: NEGATIVE_INFINITY }), /one total, got 2 and 3/], // biome-ignore format: short
    ["a slack of -Infinity on the side that needs one", () => transport.mode(logits(), { columnSlack: NEGATIVE_INFINITY }), /leave columns without a partner/], // biome-ignore format: short
    ["a penalty below float32", () => transport.sinkhorn(logits(), { rowPenalty: 1e-300 }), /^transport.sinkhorn: rowPenalty must be Infinity or from 1\.2e-38 to 3\.4e38, as float32 holds it, got 1e-300\.$/], // biome-ignore format: short
    ["a slack beyond float32", () => transport.mode(logits(), { columnSlack: 1e300 }), /columnSlack must be a finite number of up to 3\.4e38, as float32 holds it, got 1e\+300/], // biome-ignore format: short
    ["sums below float32", () => transport.sinkhorn(logits(), { rows: [1e-50, 1e-50] }), /rows must be 0 or from 1\.2e-38 on, with a total of up to 3\.4e38, as float32 holds them, got \[1e-50, 1e-50\]\./], // biome-ignore format: short
    [
      "sums beyond float32",
      () => transport.residual(logits(), { columns: [1e300, 1, 1] }),
      /columns must be 0 or from/,
    ],
    ["slack on the wrong side", () => transport.sinkhorn(logits(), { rowSlack: 0 }), /leave columns without a partner: say by columnSlack/], // biome-ignore format: short
    ["a rectangle's mode", () => transport.mode(logits()), /^transport.mode: logits float32\[2,3\] leave columns without a partner: say by columnSlack what that is worth, such as \{ columnSlack: 0 \}\.$/], // biome-ignore format: short
    ["too many iterations", () => transport.sinkhorn(logits(), { iterations: 2000 }), /iterations must be a whole number from 1 to 1000, or to 100000 with the form "auto" and the gradient "implicit", which are not compiled as a whole, got 2000/], // biome-ignore format: short
    ["far too many iterations", () => permutation.sinkhorn(np.zeros([2, 2]), { iterations: 1e6, gradient: "implicit" }), /iterations must be a whole number from 0 to 100000, got 1000000/], // biome-ignore format: short
    ["no iterations", () => transport.sinkhorn(logits(), { iterations: 0 }), /iterations must be a whole number from 1 to/], // biome-ignore format: short
    ["a vector", () => transport.sinkhorn(np.zeros([3])), /logits must have shape \[\.\.\., m, n\]/],
    ["items", () => transport.apply(logits(), np.zeros([2])), /^transport.apply: items must have first axis 3/],
    ["a number in place of a plan", () => transport.apply(1 as never, np.zeros([2])), /plan must be an array/],
    ["a start", () => transport.sinkhorn(logits(), { start: np.zeros([2]) }), /start must have shape \[3\]/],
  ];
  test.each(calls)("%s are refused", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test("what comes before a wrong option is not consumed, and nothing is made of it", () => {
    const { count } = watchArrays();
    const one = () => np.array(new Float32Array([1, 2])).slice(0);
    const two = () => np.array(new Float32Array([1, 2]));
    const given = { rowSlack: one(), columnSlack: two(), rowPenalty: one(), start: two(), temperature: one() };
    const square = np.array(new Float32Array([1, 2, 3, 4]), { shape: [2, 2] });
    const key = random.key(0);
    const before = count();
    for (const wrong of [{ iterations: -1 }, { form: "none" }, { gradient: 1 }, { noise: -1 }] as never[]) {
      const options = { ...given, rows: [1, 2], ...(wrong as object) };
      expect(() => transport.relax(key, square, options)).toThrow("transport.relax");
    }
    expect(() => transport.iterationsFor(square, { ...given, columns: [1, 2], limit: -1 })).toThrow("limit");
    expect(count()).toBe(before);
    for (const array of [key, square, ...Object.values(given)]) {
      expect(array.refCount).toBe(1);
      array.dispose();
    }
  });
});
