import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { values } from "@softdraw/testing/device";
import {
  chiSquarePValue,
  FALSE_ALARM,
  largestDifference,
  normals,
  numericalGradient,
  permutations,
  STANDARD_ERRORS,
  sameLawPValue,
} from "@softdraw/testing/numbers";
import { isThorough } from "@softdraw/testing/thorough";
import { noise, permutation, type SinkhornOptions } from "softdraw";
import { describe, expect, test } from "vitest";
import { watchCompilations } from "./compilations.ts";

type Array = np.Array;

const { NEGATIVE_INFINITY } = Number;

const square = (x: number[], n: number, batch: number[] = []) => np.array(x, { shape: [...batch, n, n] });
const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);

/** Sinkhorn in float64 and in the log domain, of one matrix, row by row. */
function exactSinkhorn(logits: number[], n: number, iterations: number): number[] {
  const x = Float64Array.from(logits);
  const normalize = (index: (i: number, j: number) => number) => {
    for (const i of range(n)) {
      const entries = range(n).map((j) => x[index(i, j)]!);
      const top = Math.max(...entries);
      const normalizer = top + Math.log(sum(entries.map((entry) => Math.exp(entry - top))));
      for (const j of range(n)) x[index(i, j)]! -= normalizer;
    }
  };
  for (let t = 0; t < iterations; t++) {
    normalize((i, j) => i * n + j);
    normalize((i, j) => j * n + i);
  }
  return [...x].map(Math.exp);
}

/** A gradient without what no plan feels: constants added to a row or a column. */
function centred(gradient: number[], n: number): number[] {
  const mean = (x: number[]) => sum(x) / x.length;
  const rows = range(n).map((i) => mean(range(n).map((j) => gradient[i * n + j]!)));
  const columns = range(n).map((j) => mean(range(n).map((i) => gradient[i * n + j]!)));
  return gradient.map((g, k) => g - rows[Math.floor(k / n)]! - columns[k % n]! + mean(gradient));
}

const gradientOf = async (logits: number[], n: number, options: SinkhornOptions) =>
  await values(
    grad((l: Array) =>
      permutation
        .sinkhorn(l, options)
        .mul(square(normals(50, n * n), n))
        .sum(),
    )(square(logits, n)),
  );

describe("sinkhorn", () => {
  const temperatures = [16, 1, 1 / 4, 1 / 16, 1 / 64, 1 / 1024];
  const cases = [1, 2, 5, 16, 100].flatMap((n) => temperatures.map((temperature) => ({ n, temperature })));

  test.each(cases)("of n = $n is that of float64 at temperature $temperature", async ({ n, temperature }) => {
    const logits = normals(n, n * n, 3);
    const largest = Math.max(...logits.map(Math.abs)) / temperature;
    for (const iterations of [1, 2, 20, 45]) {
      const expected = exactSinkhorn(
        logits.map((l) => l / temperature),
        n,
        iterations,
      );
      const plan = permutation.sinkhorn(square(logits, n), { temperature, iterations });
      // What float32 leaves of a logit, and a few roundings.
      expect(largestDifference(await values(plan), expected)).toBeLessThan(2e-6 + 2 ** -23 * largest);
    }
  });

  test.each([4, 33])("has the same value, and gradient, in all forms where scaling is in range (n = %i)", async (n) => {
    const logits = normals(1, n * n, 2);
    const plan = async (form: "auto" | "log" | "scaling") =>
      await values(permutation.sinkhorn(square(logits, n), { temperature: 0.5, form }));
    expect(largestDifference(await plan("auto"), await plan("scaling"))).toBeLessThan(1e-6);
    // The engine's logarithm on wasm is off by 1.2e-5.
    expect(largestDifference(await plan("auto"), await plan("log"))).toBeLessThan(2e-5);
    const gradient = async (form: "auto" | "log" | "scaling") =>
      await gradientOf(logits, n, { temperature: 0.5, form });
    expect(largestDifference(await gradient("auto"), await gradient("scaling"))).toBeLessThan(1e-5);
    expect(largestDifference(await gradient("auto"), await gradient("log"))).toBeLessThan(1e-4);
  });

  test.each(["auto", "log", "scaling"] as const)(
    "of a single entry is 1 without a gradient, in form %s",
    async (form) => {
      const loss = (l: Array) => permutation.softMode(l, { form, iterations: 1000 }).mul(3).sum();
      expect(await values(permutation.softMode(np.array([[7]]), { form, iterations: 1000 }))).toEqual([1]);
      expect(await values(grad(loss)(np.array([[7]])))).toEqual([0]);
    },
  );

  test("with no iterations is the exponential of logits / temperature", async () => {
    for (const gradient of ["unrolled", "implicit"] as const) {
      const plan = permutation.sinkhorn(square([0, 1, -1, 2], 2), { temperature: 2, iterations: 0, gradient });
      expect(largestDifference(await values(plan), [1, Math.exp(0.5), Math.exp(-0.5), Math.E])).toBeLessThan(1e-6);
    }
  });

  test("after one iteration keeps its row sums between 1/n and n, on which the range of auto rests", () => {
    const n = 6;
    for (const seed of range(20)) {
      let last = [1 / n, n];
      for (const iterations of [1, 2, 5, 20, 50]) {
        const plan = exactSinkhorn(normals(seed, n * n, 200), n, iterations);
        const rows = range(n).map((i) => sum(plan.slice(i * n, (i + 1) * n)));
        const [low, high] = [Math.min(...rows), Math.max(...rows)];
        expect(low).toBeGreaterThan(last[0]! - 1e-12);
        expect(high).toBeLessThan(last[1]! + 1e-12);
        last = [low, high];
      }
    }
  });

  test("can take another temperature without a new compilation", async () => {
    for (const gradient of ["unrolled", "implicit"] as const) {
      const plan = async (temperature: number) =>
        await values(permutation.sinkhorn(square(normals(4, 9), 3), { temperature, gradient }));
      const before = await plan(0.9);
      const compilations = watchCompilations();
      expect(await plan(1e-3)).not.toEqual(before);
      expect(compilations).not.toHaveBeenCalled();
      compilations.mockRestore();
    }
  });

  test("compiles once for any number of iterations, when the gradient is not of them", async () => {
    const plan = async (iterations: number) =>
      await values(
        permutation.sinkhorn(square(normals(4, 9), 3), { temperature: 0.01, iterations, gradient: "implicit" }),
      );
    const before = await plan(201);
    const compilations = watchCompilations();
    expect(await plan(1001)).not.toEqual(before);
    expect(compilations).not.toHaveBeenCalled();
    compilations.mockRestore();
  });
});

describe("the unrolled gradient", () => {
  // 45 iterations of n = 6 are three runs between absorptions, of which the first two are in three stacks.
  test.each([1, 1 / 4, 1 / 16])("is that of the iterations in float64 at temperature %f", async (temperature) => {
    const [n, iterations, step] = [6, 45, 1e-5];
    const [logits, direction, cotangent] = [normals(60, n * n), normals(61, n * n), normals(50, n * n)];
    const valueAt = (h: number) => {
      const x = logits.map((l, i) => (l + h * direction[i]!) / temperature);
      return sum(exactSinkhorn(x, n, iterations).map((p, i) => p * cotangent[i]!));
    };
    const expected = (valueAt(step) - valueAt(-step)) / (2 * step);
    const gradient = await gradientOf(logits, n, { temperature, iterations });
    expect(Math.abs(expected)).toBeGreaterThan(1e-3);
    expect(Math.abs(sum(gradient.map((g, i) => g * direction[i]!)) / expected - 1)).toBeLessThan(1e-3);
  });
});

describe("the implicit gradient", () => {
  const cases = [
    { n: 2, temperature: 0.3 },
    { n: 3, temperature: 1 },
    { n: 8, temperature: 0.3 },
    { n: 20, temperature: 1 },
  ];

  test.each(isThorough ? cases : cases.slice(0, 1))(
    "is that of converged iterations at n = $n, temperature $temperature",
    async ({ n, temperature }) => {
      const logits = normals(30 + n, n * n);
      const [unrolled, implicit] = (await Promise.all(
        (["unrolled", "implicit"] as const).map(async (gradient) =>
          centred(await gradientOf(logits, n, { temperature, iterations: 150, gradient }), n),
        ),
      )) as [number[], number[]];
      expect(largestDifference(unrolled, implicit)).toBeLessThan(1e-4);
      expect(Math.max(...unrolled)).toBeGreaterThan(1e-4);
    },
  );

  test("is that of finite differences of the fixed point", async () => {
    const n = 4;
    const logits = normals(31, n * n);
    const cotangent = normals(50, n * n);
    const loss = (x: number[]) => sum(exactSinkhorn(x, n, 300).map((p, i) => p * cotangent[i]!));
    const implicit = await gradientOf(logits, n, { iterations: 100, gradient: "implicit" });
    const numeric = await numericalGradient(loss, logits, 1e-4);
    expect(largestDifference(centred(implicit, n), centred(numeric, n))).toBeLessThan(1e-5);
  });

  test("has the value of the unrolled one", async () => {
    const plan = async (gradient: "unrolled" | "implicit") =>
      await values(permutation.sinkhorn(square(normals(5, 49), 7), { gradient }));
    expect(largestDifference(await plan("implicit"), await plan("unrolled"))).toBeLessThan(1e-6);
  });

  test("is 0 for forbidden entries, and finite where no iterations converge", async () => {
    const masked = normals(32, 16).map((l, i) => (i % 4 > Math.floor(i / 4) ? NEGATIVE_INFINITY : l));
    const gradient = await gradientOf(masked, 4, { iterations: 100, gradient: "implicit" });
    expect(gradient.every(Number.isFinite)).toBe(true);
    masked.forEach((l, i) => {
      if (l === NEGATIVE_INFINITY) expect(gradient[i]).toBe(0);
    });
  });

  test("works under jit and vmap, and by the temperature", async () => {
    const batch = () => square(normals(33, 3 * 16), 4, [3]);
    const plan = (l: Array) => permutation.sinkhorn(l, { gradient: "implicit" });
    const expected = await values(plan(batch()));
    expect(largestDifference(await values(jit(plan)(batch())), expected)).toBeLessThan(1e-6);
    expect(largestDifference(await values(vmap(plan)(batch())), expected)).toBeLessThan(1e-6);
    const loss = (t: Array) =>
      permutation
        .sinkhorn(square(normals(34, 16), 4), { temperature: t, iterations: 100, gradient: "implicit" })
        .mul(square(normals(35, 16), 4))
        .sum();
    const numeric = await numericalGradient(async ([t]) => (await values(loss(np.array(t!))))[0]!, [0.8]);
    expect(largestDifference(await values(grad(loss)(np.array(0.8))), numeric)).toBeLessThan(1e-3);
  });
});

describe("residual and iterationsFor", () => {
  test("residual is the largest deviation of a sum, matrix by matrix", async () => {
    const plans = square([1, 0, 0, 1, 0.5, 0.75, 0.5, 0], 2, [2]);
    expect(await values(permutation.residual(plans))).toEqual([0, 0.5]);
  });

  test.each([1, 0.1])(
    "as many iterations reach the tolerance, and one less does not (temperature %f)",
    async (temperature) => {
      const logits = () => square(normals(40, 4 * 25), 5, [4]);
      const tolerance = 0.01;
      const iterations = await permutation.iterationsFor(logits(), { temperature, tolerance });
      expect(iterations).toBeGreaterThan(1);
      const residual = async (iterations: number) =>
        Math.max(...(await values(permutation.residual(permutation.sinkhorn(logits(), { temperature, iterations })))));
      expect(await residual(iterations)).toBeLessThanOrEqual(tolerance);
      expect(await residual(iterations - 1)).toBeGreaterThan(tolerance);
    },
  );

  test.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
  ])("no number of iterations is told of logits with %s", async (_, bad) => {
    await expect(
      permutation.iterationsFor(
        np.array([
          [0, bad],
          [1, 2],
        ]),
      ),
    ).rejects.toThrow(
      /^permutation.iterationsFor: no matrix of logits may have NaN, Infinity, or a row or column of -Infinity alone/,
    );
  });

  test("no number of iterations is enough within a limit, or where no permutation has an entry", async () => {
    const logits = () => square(normals(40, 25), 5);
    expect(await permutation.iterationsFor(logits(), { temperature: 0.01, limit: 3 })).toBe(Number.POSITIVE_INFINITY);
    const triangle = () => square([0, NEGATIVE_INFINITY, 0, 0], 2);
    expect(await permutation.iterationsFor(triangle(), { limit: 400 })).toBe(Number.POSITIVE_INFINITY);
    expect(await permutation.iterationsFor(triangle(), { tolerance: 0.1 })).toBeLessThan(20);
  });
});

/** Log-weights of a 3x3 matrix for which the three laws of the file's header are well apart. */
const threeByThree = [2, 0, 0, 1, 1.5, 0, 0, 0, -1];

describe("the three laws, of a 3x3 matrix", () => {
  const draws = 200_000;
  const all = permutations(3);
  const weight = (logits: number[], columns: number[]) => sum(columns.map((column, row) => logits[3 * row + column]!));
  const counted = (chosen: Iterable<number>) => {
    const counts = all.map(() => 0);
    for (const i of chosen) counts[i]!++;
    return counts;
  };
  const marginals = (probabilities: number[]) =>
    range(9).map((k) => sum(probabilities.filter((_, p) => all[p]![Math.floor(k / 3)] === k % 3)));

  const gibbs = (() => {
    const weights = all.map((columns) => Math.exp(weight(threeByThree, columns)));
    return weights.map((w) => w / sum(weights));
  })();
  const sinkhorn = exactSinkhorn(threeByThree, 3, 1000);

  /** Gumbel-matching by trying all six permutations, with noise of another origin. */
  const matched = async () => {
    const gumbels = (await random.gumbel(random.key(60), [draws, 9]).data()) as Float32Array;
    const best = (logits: number[]) => {
      const weights = all.map((columns) => weight(logits, columns));
      return weights.indexOf(Math.max(...weights));
    };
    return counted(range(draws).map((i) => best(threeByThree.map((l, k) => l + gumbels[9 * i + k]!))));
  };

  const sampled = async () => {
    const repeated = np.broadcastTo(square(threeByThree, 3), [draws, 3, 3]);
    const matrices = await permutation.sample(random.key(61), repeated);
    const columns = await values(np.argmax(matrices, -1));
    const index = new Map(all.map((permutation, i) => [permutation.join(), i]));
    return counted(range(draws).map((i) => index.get(columns.slice(3 * i, 3 * i + 3).join())!));
  };

  test("sample follows Gumbel-matching, and not the Gibbs law", async () => {
    const counts = await sampled();
    expect(sameLawPValue(counts, await matched())).toBeGreaterThan(FALSE_ALARM);
    expect(chiSquarePValue(counts, gibbs)).toBeLessThan(1e-12);
  });

  test("the Sinkhorn plan has the marginals of neither", async () => {
    const error = STANDARD_ERRORS * Math.sqrt(1 / 4 / draws);
    const ofMatching = marginals((await matched()).map((count) => count / draws));
    expect(largestDifference(sinkhorn, ofMatching)).toBeGreaterThan(5 * error);
    expect(largestDifference(marginals(gibbs), ofMatching)).toBeGreaterThan(5 * error);
    expect(largestDifference(marginals(gibbs), sinkhorn)).toBeGreaterThan(0.01);
    expect(
      largestDifference(await values(permutation.softMode(square(threeByThree, 3), { iterations: 100 })), sinkhorn),
    ).toBeLessThan(1e-6);
  });
});

describe("sample, mode and relax", () => {
  const logits = () => square(normals(70, 16 * 25), 5, [16]);

  test("one key perturbs the logits of sample and relax alike", async () => {
    const perturbed = () => noise.perturb(random.key(71), logits());
    expect(await values(await permutation.sample(random.key(71), logits()))).toEqual(
      await values(await permutation.mode(perturbed())),
    );
    const [relaxed, plan] = [
      permutation.relax(random.key(71), logits(), { temperature: 0.5 }),
      permutation.softMode(perturbed(), { temperature: 0.5 }),
    ];
    expect(largestDifference(await values(relaxed), await values(plan))).toBeLessThan(1e-6);
  });

  test("forbidden entries are never taken, and have no gradient", async () => {
    const masked = () =>
      square(
        normals(74, 16).map((l, i) => (i % 5 === 0 ? NEGATIVE_INFINITY : l)),
        4,
      );
    const diagonal = async (x: Array) => (await values(x)).filter((_, i) => i % 5 === 0);
    const zeros = [0, 0, 0, 0];
    expect(await diagonal(await permutation.mode(masked()))).toEqual(zeros);
    expect(await diagonal(await permutation.sample(random.key(1), masked()))).toEqual(zeros);
    expect(await diagonal(permutation.relax(random.key(1), masked(), { temperature: 5 }))).toEqual(zeros);
    const loss = (l: Array) =>
      permutation
        .relax(random.key(1), l)
        .mul(square(normals(75, 16), 4))
        .sum();
    const gradient = await values(grad(loss)(masked()));
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(gradient.filter((_, i) => i % 5 === 0)).toEqual(zeros);
  });

  test("an impossible matrix is named", async () => {
    const logits = () =>
      np.array([
        [
          [0, 0],
          [0, 0],
        ],
        [
          [NEGATIVE_INFINITY, NEGATIVE_INFINITY],
          [0, 0],
        ],
      ]);
    await expect(permutation.mode(logits())).rejects.toThrow(
      "permutation.mode: logits[1], row 0, cannot have a column",
    );
    await expect(permutation.sample(random.key(0), np.full([2, 2], Number.NaN))).rejects.toThrow(
      "permutation.sample: logits, row 0, must have weights that are numbers or -Infinity, got NaN in column 0.",
    );
  });
});

describe("matrices and index vectors", () => {
  const indices = (x: number[], batch: number[] = []) =>
    np.array(Int32Array.from(x), { shape: [...batch, x.length / sum([1, ...batch.map((b) => b - 1)])] });
  const [p, q] = [
    [2, 0, 3, 1],
    [1, 2, 3, 0],
  ];
  const matrix = (p: number[]) => np.array(p.map((column) => p.map((_, j) => (j === column ? 1 : 0))));
  const items = () => np.array([10, 20, 30, 40]);

  test("apply moves items of any shape, and applyInverse moves them back", async () => {
    expect(await values(permutation.apply(matrix(p), items()))).toEqual([30, 10, 40, 20]);
    expect(await values(permutation.applyInverse(matrix(p), items()))).toEqual([20, 40, 10, 30]);
    for (const trailing of [[], [1], [3], [2, 3]]) {
      const x = () => random.normal(random.key(80), [2, 4, ...trailing]);
      const plans = () => np.stack([matrix(p), matrix(q)]);
      const moved = permutation.apply(plans(), x());
      expect(moved.shape).toEqual([2, 4, ...trailing]);
      expect(await values(permutation.applyInverse(plans(), moved))).toEqual(await values(x()));
    }
  });

  test("one plan serves a batch of items, and a batch of plans one list", () => {
    const plan = () => matrix(p).reshape([1, 4, 4]);
    expect(permutation.apply(plan(), np.zeros([5, 4, 2])).shape).toEqual([5, 4, 2]);
    expect(permutation.apply(np.zeros([5, 4, 4]), np.zeros([1, 4])).shape).toEqual([5, 4]);
  });

  test("compose does the second first, of either kind", async () => {
    const both = permutation.apply(permutation.compose(matrix(p), matrix(q)), items());
    expect(await values(both)).toEqual(
      await values(permutation.apply(matrix(p), permutation.apply(matrix(q), items()))),
    );
    const composed = await values(permutation.compose(indices(p), indices(q)));
    expect(composed).toEqual(await values(np.argmax(permutation.compose(matrix(p), matrix(q)), -1)));
  });

  test("invert undoes, of either kind", async () => {
    expect(await values(permutation.compose(permutation.invert(matrix(p)), matrix(p)))).toEqual(
      await values(np.eye(4)),
    );
    expect(await values(permutation.compose(permutation.invert(indices(p)), indices(p)))).toEqual([0, 1, 2, 3]);
    expect(await values(permutation.invert(indices(p)))).toEqual(
      await values(np.argmax(permutation.invert(matrix(p)), -1)),
    );
  });

  test("isPermutation knows them, one by one", async () => {
    const matrices = np.stack([matrix(p), matrix([0, 0, 1, 2]), np.full([4, 4], 0.25), matrix(q).mul(2).sub(1)]);
    expect(await values(permutation.isPermutation(matrices))).toEqual([1, 0, 0, 0]);
    const vectors = np.array([p, [0, 0, 1, 2], [1, 2, 3, 4], [-1, 0, 1, 2]], { dtype: np.int32 });
    expect(await values(permutation.isPermutation(vectors))).toEqual([1, 0, 0, 0]);
  });
});

describe("arguments", () => {
  const logits = () => np.zeros([3, 3]);
  const calls: [string, () => unknown, string][] = [
    [
      "no square",
      () => permutation.sinkhorn(np.zeros([3, 2])),
      "permutation.sinkhorn: logits must have shape [..., n, n], got float32[3,2].",
    ],
    [
      "no matrix",
      () => permutation.softMode(np.zeros([3])),
      "permutation.softMode: logits must have shape [..., n, n]",
    ],
    [
      "integers",
      () => permutation.residual(np.zeros([3, 3], { dtype: np.int32 })),
      "permutation.residual: plan must be floating point",
    ],
    [
      "half an iteration",
      () => permutation.sinkhorn(logits(), { iterations: 0.5 }),
      "iterations must be a whole number from 0 to 1000, got 0.5.",
    ],
    [
      "another form",
      () => permutation.sinkhorn(logits(), { form: "exp" as "log" }),
      'form must be one of "auto", "log", "scaling", got "exp".',
    ],
    [
      "another gradient",
      () => permutation.sinkhorn(logits(), { gradient: "none" as "implicit" }),
      'gradient must be one of "unrolled", "implicit", got "none".',
    ],
    [
      "temperature 0",
      () => permutation.relax(random.key(0), logits(), { temperature: 0 }),
      "permutation.relax: temperature must be a positive number",
    ],
    ["no key", () => permutation.relax(np.zeros([2]), logits()), "permutation.relax: key must be one PRNG key"],
    [
      "other items",
      () => permutation.apply(logits(), np.zeros([4])),
      "permutation.apply: items must have first axis 3, as plan float32[3,3] does, got float32[4].",
    ],
    [
      "another batch",
      () => permutation.applyInverse(np.zeros([2, 3, 3]), np.zeros([4, 3])),
      "items must have the batch axes [2] and then 3",
    ],
    [
      "two kinds",
      () => permutation.compose(logits(), np.zeros([3], { dtype: np.int32 })),
      "first and second must be of one kind and shape, got float32[3,3] and int32[3].",
    ],
    [
      "a scalar",
      () => permutation.invert(np.array(1, { dtype: np.int32 })),
      "permutation.invert: value must be indices of shape [..., n], got a scalar.",
    ],
  ];

  test.each(calls)("%s is refused", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test("of verbs that return promises are refused at once", () => {
    expect(() => permutation.mode(np.zeros([3, 2]))).toThrow("permutation.mode: logits must have shape");
    expect(() => permutation.sample(np.zeros([2]), logits())).toThrow("permutation.sample: key must be one PRNG key");
    expect(() => permutation.iterationsFor(logits(), { limit: -1 })).toThrow("limit must be a whole number");
    for (const tolerance of [0, -1, Number.NaN]) {
      const message = `permutation.iterationsFor: tolerance must be a positive number, got ${tolerance}.`;
      expect(() => permutation.iterationsFor(logits(), { tolerance })).toThrow(new RangeError(message));
    }
  });
});
