/** Estimators against the definition of what their mean is, in float64: the exact gradient, or their own biased one. */

import { defaultDevice, grad, jit, numpy as np, random, valueAndGrad, vmap } from "@jax-js/jax";
import { device } from "@softdraw/testing/device";
import { differences, largestDifference } from "@softdraw/testing/numbers";
import {
  bernoulli,
  categorical,
  conditionalBernoulli,
  type ExpectationOptions,
  expectation,
  fenchelYoung,
  noise,
  permutation,
  prepareExpectation,
  type Structure,
  scoreFunction,
  subset,
  vimco,
} from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";

type Array = np.Array;
type Options = ExpectationOptions<typeof categorical> | ExpectationOptions<typeof bernoulli>;

beforeAll(() => {
  defaultDevice(device);
});

/**
 * Standard errors that every coordinate of every mean here stays within, but for a rate of 1e-4 in all: the normal quantile
 * for 1e-4 over 1,000 comparisons.
 */
const BOUND = 5.33;

const LOGITS = [0.5, -0.3, 0.8, 0.1];
const n = LOGITS.length;

/** Costs of an event, for arrays of the engine and in float64. */
const WEIGHTS = [
  [0.3, -1, 0.5],
  [1, 0.2, -0.4],
  [-0.7, 0.9, 0.1],
  [0.4, -0.6, 0.8],
];
const TARGETS = [0.9, -0.4, 0.3, 0.6];
interface NamedCost {
  ofArray: (value: Array) => Array;
  ofNumbers: (value: number[]) => number;
}
const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const COSTS: Record<string, NamedCost> = {
  quadratic: {
    ofArray: (v) => np.square(v.sub(np.array(TARGETS))).sum(-1),
    ofNumbers: (v) => sum(v.map((x, i) => (x - TARGETS[i]!) ** 2)),
  },
  toy: {
    ofArray: (v) =>
      np.square(
        v
          .mul(np.array([1, 2, 3, 4]))
          .sum(-1)
          .sub(0.45),
      ),
    ofNumbers: (v) => (sum(v.map((x, i) => x * (i + 1))) - 0.45) ** 2,
  },
  network: {
    ofArray: (v) => np.tanh(np.dot(v, np.array(WEIGHTS))).sum(-1),
    ofNumbers: (v) => sum([0, 1, 2].map((j) => Math.tanh(sum(v.map((x, i) => x * WEIGHTS[i]![j]!))))),
  },
};

const softmax = (x: number[]) => {
  const weights = x.map((l) => Math.exp(l - Math.max(...x)));
  return weights.map((w) => w / sum(weights));
};
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

interface Law {
  structure: Structure;
  /** All values, and their probabilities by the logits. */
  values: number[][];
  probabilities: (logits: number[]) => number[];
  mean: (logits: number[]) => number[];
}

const bits = Array.from({ length: 2 ** n }, (_, i) => Array.from({ length: n }, (_, j) => (i >> j) & 1));
const oneHot = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
const pairs = bits.filter((value) => sum(value) === 2);

/** The probabilities of pairs by the products of their weights. */
function productLaw(logits: number[]): number[] {
  const weights = pairs.map((value) => Math.exp(sum(value.map((x, i) => x * logits[i]!))));
  return weights.map((weight) => weight / sum(weights));
}

const LAWS: Record<string, Law> = {
  bernoulli: {
    structure: bernoulli,
    values: bits,
    probabilities: (l) =>
      bits.map((value) => value.reduce((p, b, i) => p * (b ? sigmoid(l[i]!) : 1 - sigmoid(l[i]!)), 1)),
    mean: (l) => l.map(sigmoid),
  },
  categorical: { structure: categorical, values: oneHot, probabilities: softmax, mean: softmax },
  subset: {
    structure: subset.of(2),
    values: pairs,
    probabilities: (l) => {
      const p = softmax(l);
      return pairs.map((value) => {
        const [i, j] = [value.indexOf(1), value.lastIndexOf(1)];
        return p[i]! * p[j]! * (1 / (1 - p[i]!) + 1 / (1 - p[j]!));
      });
    },
    mean: () => [],
  },
  conditionalBernoulli: {
    structure: conditionalBernoulli.of(2),
    values: pairs,
    probabilities: productLaw,
    mean: (l) => l.map((_, i) => sum(productLaw(l).map((p, j) => p * pairs[j]![i]!))),
  },
};

/** The exact gradient of the expectation, in float64. */
function exactGradient({ values, probabilities }: Law, cost: NamedCost, logits = LOGITS): number[] {
  const costs = values.map(cost.ofNumbers);
  const value = (l: number[]) => sum(probabilities(l).map((p, i) => p * costs[i]!));
  return differences(value, logits);
}

/** How many estimates a mean is of; many more, of every cost, in the slow suite. */
const KEYS = Number(process.env.SOFTDRAW_ESTIMATES ?? 2 ** 11);
/** At once, as memory allows. */
const AT_ONCE = Math.min(KEYS, 2 ** 15);
const isSlow = process.env.SOFTDRAW_ESTIMATES !== undefined;
const costs = Object.entries(COSTS).filter(([name]) => isSlow || name === "network");

/** Mean and standard error, by coordinate, of as many estimates as there are keys. */
async function estimates(structure: Structure, cost: NamedCost, options: Options, logits = LOGITS) {
  const loss = (l: Array, key: Array) =>
    expectation(structure as typeof categorical, key, l, cost.ofArray, options as never);
  const gradients = jit(vmap((key: Array, l: Array) => grad(loss)(l, key), [0, null]));
  const sums = logits.map(() => [0, 0]);
  for (const key of random.split(random.key(1), KEYS / AT_ONCE)) {
    const found = await gradients(random.split(key, AT_ONCE), np.array(logits)).data();
    for (const [s, x] of found.entries()) {
      const ofCoordinate = sums[s % logits.length]!;
      ofCoordinate[0]! += x;
      ofCoordinate[1]! += x * x;
    }
  }
  return sums.map(([first, second]) => {
    const mean = first! / KEYS;
    return { mean, error: Math.sqrt(Math.max(0, second! / KEYS - mean * mean) / KEYS) };
  });
}

/** @param rounding what float32 may be off by */
function expectMean(found: { mean: number; error: number }[], exact: number[], rounding = 2e-5): void {
  const far = found.map(({ mean, error }, i) => Math.max(0, Math.abs(mean - exact[i]!) - rounding) / (error + 1e-12));
  expect(Math.max(...far)).toBeLessThan(BOUND);
}

const square = (value: Array) => np.square(value).sum(-1);

/** Takes seconds to compile with a draw given its set. */
const ofSlowSuite = isSlow ? ["subset"] : [];

const UNBIASED: [string, Options, string[]][] = [
  [
    "score-function",
    { estimator: "score-function", samples: 2 },
    ["bernoulli", "categorical", "subset", "conditionalBernoulli"],
  ],
  [
    "leave-one-out",
    { estimator: "score-function", samples: 3, baseline: "leave-one-out" },
    ["bernoulli", "categorical", "subset"],
  ],
  [
    "greedy",
    { estimator: "score-function", baseline: "greedy" },
    ["bernoulli", "categorical", "subset", "conditionalBernoulli"],
  ],
  ["a baseline", { estimator: "score-function", baseline: 0.7 }, ["bernoulli", "categorical", "subset"]],
  ["unordered-set, 1", { estimator: "unordered-set", samples: 1 }, ["categorical"]],
  ["unordered-set, 2", { estimator: "unordered-set", samples: 2 }, ["categorical"]],
  ["unordered-set, 3", { estimator: "unordered-set", samples: 3 }, ["categorical"]],
  ["disarm", { estimator: "disarm", samples: 4 }, ["bernoulli"]],
  ["rebar", { estimator: "rebar", temperature: 0.5 }, ["bernoulli", "categorical", ...ofSlowSuite]],
  ["rebar, scaled", { estimator: "rebar", samples: 2, temperature: 2, scale: 0.6 }, ["bernoulli", "categorical"]],
  ["relax", { estimator: "relax", temperature: 0.5, variate: square }, ["bernoulli", "categorical", ...ofSlowSuite]],
  ["perturbed", { estimator: "perturbed" }, ["bernoulli", "categorical", "subset"]],
  [
    "perturbed, leave-one-out",
    { estimator: "perturbed", samples: 3, baseline: "leave-one-out" },
    ["bernoulli", "categorical", "subset"],
  ],
];

describe.each(costs)("of the cost %s", (_, cost) => {
  test.each(UNBIASED.flatMap(([name, options, laws]) => laws.map((law) => [name, law, options] as const)))(
    "the mean of %s for %s is the exact gradient",
    async (_, law, options) => {
      const { structure } = LAWS[law]!;
      expectMean(await estimates(structure, cost, options), exactGradient(LAWS[law]!, cost));
    },
  );

  test.each(Object.keys(LAWS))("exact is it without noise, for %s", async (law) => {
    const { structure, values, probabilities } = LAWS[law]!;
    const options = { estimator: "exact" } as const;
    const loss = (l: Array) => expectation(structure as typeof categorical, random.key(0), l, cost.ofArray, options);
    const [value, gradient] = valueAndGrad(loss)(np.array(LOGITS));
    const p = probabilities(LOGITS);
    expect(await value.jsAsync()).toBeCloseTo(sum(values.map((v, i) => p[i]! * cost.ofNumbers(v))), 4);
    expect(largestDifference(await gradient.data(), exactGradient(LAWS[law]!, cost))).toBeLessThan(2e-5);
  });
});

/** The derivative of a cost by the value, in float64. */
const slope = (cost: NamedCost, value: number[]) => differences(cost.ofNumbers, value);
const sigmoidSlope = (x: number) => sigmoid(x) * (1 - sigmoid(x));

/** v' J for the derivative J of a softmax where it is pi. */
const alongSoftmax = (pi: number[], v: number[]) => {
  const mean = sum(pi.map((p, i) => p * v[i]!));
  return pi.map((p, i) => p * (v[i]! - mean));
};

/** The mean of what an estimator gives for each value. */
function meanOver({ values, probabilities }: Law, ofValue: (value: number[], index: number) => number[]): number[] {
  const p = probabilities(LOGITS);
  const parts = values.map((value, i) => ofValue(value, i).map((x) => x * p[i]!));
  return LOGITS.map((_, i) => sum(parts.map((part) => part[i]!)));
}

/** The integral of f(z) times the density of logistic noise, by many equal steps of its probability. */
const overLogistic = (f: (z: number) => number) => {
  const steps = 20_000;
  return sum(Array.from({ length: steps }, (_, i) => f(Math.log((i + 0.5) / (steps - i - 0.5))))) / steps;
};

const TEMPERATURE = 0.7;

/** What the estimators that are not unbiased have for a mean, by their definitions. */
const BIASED: [string, string, Options, (cost: NamedCost) => number[]][] = [
  [
    "simple",
    "categorical",
    { estimator: "simple", samples: 2 },
    (cost) => meanOver(LAWS.categorical!, (value) => alongSoftmax(softmax(LOGITS), slope(cost, value))),
  ],
  [
    "simple",
    "bernoulli",
    { estimator: "simple" },
    (cost) => meanOver(LAWS.bernoulli!, (value) => slope(cost, value).map((x, i) => x * sigmoidSlope(LOGITS[i]!))),
  ],
  [
    "simple",
    "conditionalBernoulli",
    { estimator: "simple", samples: 2 },
    (cost) =>
      meanOver(LAWS.conditionalBernoulli!, (value) => {
        const v = slope(cost, value);
        return differences((l) => sum(LAWS.conditionalBernoulli!.mean(l).map((x, i) => x * v[i]!)), LOGITS);
      }),
  ],
  [
    "gapped-straight-through",
    "categorical",
    { estimator: "gapped-straight-through", temperature: TEMPERATURE, gap: 0.5 },
    (cost) =>
      meanOver(LAWS.categorical!, (value, drawn) => {
        const largest = Math.max(...LOGITS);
        const moved = LOGITS.map((l, i) => (i === drawn ? largest : l - Math.max(0, l + 0.5 - largest)));
        const soft = softmax(moved.map((l) => l / TEMPERATURE));
        return alongSoftmax(soft, slope(cost, value)).map((x) => x / TEMPERATURE);
      }),
  ],
  [
    "reinmax",
    "categorical",
    { estimator: "reinmax", temperature: TEMPERATURE },
    (cost) =>
      meanOver(LAWS.categorical!, (value) => {
        const [v, tempered] = [slope(cost, value), softmax(LOGITS.map((l) => l / TEMPERATURE))];
        const middle = alongSoftmax(value.map((d, i) => (d + tempered[i]!) / 2), v); // biome-ignore format: short
        const own = alongSoftmax(softmax(LOGITS), v);
        return middle.map((x, i) => 2 * x - own[i]! / 2);
      }),
  ],
  [
    "reinmax",
    "bernoulli",
    { estimator: "reinmax", temperature: TEMPERATURE },
    (cost) =>
      meanOver(LAWS.bernoulli!, (value) =>
        slope(cost, value).map((x, i) => {
          const middle = (value[i]! + sigmoid(LOGITS[i]! / TEMPERATURE)) / 2;
          return x * (2 * middle * (1 - middle) - sigmoidSlope(LOGITS[i]!) / 2);
        }),
      ),
  ],
  ...(["straight-through", "gumbel-rao"] as const).map((estimator): (typeof BIASED)[number] => [
    estimator,
    "bernoulli",
    { estimator, temperature: TEMPERATURE },
    (cost) => {
      // Of each coordinate the mean slope of the relaxation, given what its exact draw is.
      const slopes = LOGITS.map((l) =>
        [0, 1].map((bit) => {
          const ofBit = (z: number) =>
            Number(l + z > 0) === bit ? sigmoidSlope((l + z) / TEMPERATURE) / TEMPERATURE : 0;
          return overLogistic(ofBit) / (bit ? sigmoid(l) : 1 - sigmoid(l));
        }),
      );
      return meanOver(LAWS.bernoulli!, (value) => slope(cost, value).map((x, i) => x * slopes[i]![value[i]!]!));
    },
  ]),
];

describe.each(costs)("of the cost %s", (_, cost) => {
  test.each(BIASED)("the mean of %s for %s is what its definition gives", async (_, law, options, mean) => {
    expectMean(await estimates(LAWS[law]!.structure, cost, options), mean(cost));
  });
});

/** Of a cost whose coordinates are apart, each is an integral over its own noise. */
const SEPARATE: [string, Options, (l: number, target: number) => number][] = [
  [
    "relaxed",
    { estimator: "relaxed", temperature: TEMPERATURE },
    (l, target) =>
      overLogistic((z) => {
        const x = (l + z) / TEMPERATURE;
        return (2 * (sigmoid(x) - target) * sigmoidSlope(x)) / TEMPERATURE;
      }),
  ],
  [
    "relaxed, with another temperature backward",
    { estimator: "relaxed", temperature: TEMPERATURE, backwardTemperature: 2 },
    (l, target) => overLogistic((z) => (sigmoid((l + z) / TEMPERATURE) - target) * sigmoidSlope((l + z) / 2)),
  ],
  [
    "imle",
    { estimator: "imle", step: 0.8 },
    (l, target) =>
      overLogistic((z) => {
        const value = Number(l + z > 0);
        return (value - Number(l + z > 0.8 * 2 * (value - target))) / 0.8;
      }),
  ],
];

test.each(SEPARATE)("the mean of %s for bernoulli is the integral over its noise", async (_, options, mean) => {
  const found = await estimates(bernoulli, COSTS.quadratic!, options);
  expectMean(found, LOGITS.map((l, i) => mean(l, TARGETS[i]!)), 1e-4); // biome-ignore format: short
});

test.each(["categorical", "subset"])(
  "gumbel-rao has the mean of straight-through for %s, and varies less",
  async (law) => {
    const { structure } = LAWS[law]!;
    const found = await estimates(structure, COSTS.network!, { estimator: "gumbel-rao", temperature: TEMPERATURE });
    const plain = await estimates(structure, COSTS.network!, {
      estimator: "straight-through",
      temperature: TEMPERATURE,
    });
    const both = found.map(({ mean, error }, i) => ({ mean, error: Math.hypot(error, plain[i]!.error) }));
    expectMean(both, plain.map(({ mean }) => mean)); // biome-ignore format: short
    expect(sum(found.map(({ error }) => error))).toBeLessThan(0.9 * sum(plain.map(({ error }) => error)));
  },
);

/** All estimators of both laws that have most. */
const ALL: [string, Options][] = [
  ["exact", { estimator: "exact" }],
  ...[
    ...UNBIASED.filter(([, , laws]) => laws.includes("categorical")),
    ...BIASED.filter(([, law]) => law === "categorical").map(([name, , options]) => [name, options] as const),
    ...SEPARATE,
  ].map(([name, options]): [string, Options] => [name, options]),
  ["straight-through", { estimator: "straight-through", temperature: TEMPERATURE }],
  ["gumbel-rao", { estimator: "gumbel-rao", temperature: TEMPERATURE, conditionalSamples: 3 }],
];

describe.each(ALL)("%s", (_, options) => {
  const of = (key: Array, l: Array, cost: (value: Array) => Array, more: Partial<Options> = {}) =>
    expectation(categorical, key, l, cost, { ...options, ...more } as never);
  const { network } = COSTS;

  test("is the same eagerly, under jit, and under vmap", async () => {
    const both = (key: Array, l: Array) => valueAndGrad((x: Array) => of(key, x, network!.ofArray))(l);
    const read = async ([value, gradient]: Array[]) => [...(await value!.data()), ...(await gradient!.data())];
    const keys = () => random.split(random.key(4), 2);
    const batch = () => np.array([LOGITS, LOGITS.toReversed()]);
    const eager = [];
    for (const i of [0, 1]) eager.push(await read(both(keys().slice(i), batch().slice(i))));
    for (const i of [0, 1]) {
      const jitted = await read(jit(both)(keys().slice(i), batch().slice(i)));
      expect(largestDifference(jitted, eager[i]!)).toBeLessThan(1e-5);
    }
    const [values, gradients] = vmap(both)(keys(), batch());
    expect(largestDifference(await values!.data(), [eager[0]![0]!, eager[1]![0]!])).toBeLessThan(1e-5);
    expect(largestDifference(await gradients!.data(), [...eager[0]!.slice(1), ...eager[1]!.slice(1)])).toBeLessThan(
      1e-5,
    );
  });

  // "unordered-set" wants a cost for each choice.
  test.skipIf(options.estimator === "unordered-set")(
    "has the same gradient under jit by a cost that takes a part of its values",
    async () => {
      const batch = () => np.array([LOGITS, LOGITS.toReversed()].flat(), { shape: [2, n] });
      const ofFirst = (value: Array) =>
        network!
          .ofArray(value.slice([], [0, 1]).add(0))
          .slice([], [0, 1])
          .sum(-1);
      const more = options.estimator === "relax" ? { variate: ofFirst } : {};
      const gradient = (l: Array, key: Array) => grad((x: Array) => of(key, x, ofFirst, more))(l);
      const eager = await gradient(batch(), random.key(3)).data();
      const jitted = await jit(gradient)(batch(), random.key(3)).data();
      expect(largestDifference(jitted, eager)).toBeLessThan(1e-5);
    },
  );

  test("calls the cost once, and a number for each of the batch axes that it keeps", async () => {
    const logits = () => np.array([LOGITS, LOGITS.toReversed(), [2, 1, 0, -1]].flat(), { shape: [3, 1, n] });
    let calls = 0;
    const cost = (value: Array) => {
      calls++;
      return network!.ofArray(value);
    };
    const kept = of(random.key(2), logits(), cost, options.estimator === "exact" ? { batchAxes: 2 } : {});
    expect(kept.shape).toEqual([3, 1]);
    expect(calls).toBe(1);
    expect((await kept.data()).every(Number.isFinite)).toBe(true);
  });

  test("of logits with NaN is NaN", async () => {
    const value = of(random.key(2), np.array([0, Number.NaN, 1, 0]), network!.ofArray);
    expect(await value.jsAsync()).toBeNaN();
  });

  test("never takes what is impossible, which has no gradient", async () => {
    const masked = np.array([0.5, Number.NEGATIVE_INFINITY, 1, 0]);
    const [value, gradient] = valueAndGrad((l: Array) => of(random.key(2), l, network!.ofArray))(masked);
    expect(await value.jsAsync()).toSatisfy(Number.isFinite);
    const entries = [...(await gradient.data())];
    expect(entries.every(Number.isFinite)).toBe(true);
    expect(entries[1]).toBe(0);
  });
});

test.each([[[Number.NaN, 0, 0]], [[Number.POSITIVE_INFINITY, 0, 0]]])(
  "perturbed has no number for logits %s without a law, whatever the cost makes of NaN",
  async (logits) => {
    const cost = (value: Array) => np.where(value.greater(0.5), 1, 2).astype(np.float32).sum(-1);
    const loss = (l: Array) => expectation(categorical, random.key(2), l, cost, { estimator: "perturbed" });
    const [value, gradient] = valueAndGrad(loss)(np.array(logits));
    expect(await value.jsAsync()).toBeNaN();
    const possible = [...(await gradient.data())].filter((_, i) => Math.abs(logits[i]!) < Number.POSITIVE_INFINITY);
    expect(possible.every(Number.isNaN)).toBe(true);
  },
);

test.each(["gumbel-rao", "reinmax", "straight-through", "simple", "rebar", "disarm", "imle", "perturbed"] as const)(
  "%s of yes and no takes what is certain, which has no gradient",
  async (estimator) => {
    const certain = np.array([Number.POSITIVE_INFINITY, 0.5, Number.NEGATIVE_INFINITY, 2e30]);
    const loss = (l: Array) => expectation(bernoulli, random.key(2), l, COSTS.network!.ofArray, { estimator });
    const [value, gradient] = valueAndGrad(loss)(certain);
    expect(await value.jsAsync()).toSatisfy(Number.isFinite);
    const [first, second, third, fourth] = await gradient.data();
    expect(second).toSatisfy(Number.isFinite);
    expect([first, third, fourth]).toEqual([0, 0, 0]);
  },
);

test.each([
  ...UNBIASED.filter(([, , laws]) => laws.includes("categorical")),
  ["exact", { estimator: "exact" }, []] as (typeof UNBIASED)[number],
])("by what the cost is made of, the mean of %s is the mean of the cost's gradient", async (_, options) => {
  const loss = (w: Array, key: Array) => {
    const cost = (value: Array) => np.square(np.dot(value, np.array(WEIGHTS)).sub(w)).sum(-1);
    return expectation(categorical, key, np.array(LOGITS), cost, options as never);
  };
  const gradients = jit(vmap((key: Array, w: Array) => grad(loss)(w, key), [0, null]));
  const found = await gradients(random.split(random.key(5), KEYS), np.array([0.2, -0.1, 0.4])).data();
  const p = softmax(LOGITS);
  [0.2, -0.1, 0.4].forEach((w, j) => {
    const column = Array.from({ length: KEYS }, (_, s) => found[3 * s + j]!);
    const mean = sum(column) / KEYS;
    const error = Math.sqrt(Math.max(0, sum(column.map((x) => x * x)) / KEYS - mean * mean) / KEYS);
    const exact = sum(p.map((q, i) => -2 * q * (WEIGHTS[i]![j]! - w)));
    expect(Math.max(0, Math.abs(mean - exact) - 1e-5) / (error + 1e-12)).toBeLessThan(BOUND);
  });
});

test("costs of several choices add up their log-probabilities, and those of one each do not", async () => {
  const rows = [LOGITS, LOGITS.toReversed()];
  const separate = (value: Array) => COSTS.network!.ofArray(value);
  const together = (value: Array) => COSTS.network!.ofArray(value).sum(-1);
  const key = () => random.key(6);
  const options = { estimator: "score-function", samples: 3 } as const;
  const gradient = (cost: (value: Array) => Array) =>
    grad((l: Array) => expectation(categorical, key(), l, cost, options).sum())(np.array(rows)).data();
  const draws = await categorical.sample(key(), np.broadcastTo(np.array(rows), [3, 2, n])).data();
  const drawn = (s: number, r: number) => [...draws].slice((2 * s + r) * n, (2 * s + r + 1) * n);
  const costs = [0, 1, 2].map((s) => [0, 1].map((r) => COSTS.network!.ofNumbers(drawn(s, r))));
  const byHand = (weight: (s: number, r: number) => number) =>
    rows.flatMap((row, r) =>
      softmax(row).map((p, i) => sum([0, 1, 2].map((s) => (weight(s, r) * (drawn(s, r)[i]! - p)) / 3))),
    );
  expect(
    largestDifference(
      await gradient(separate),
      byHand((s, r) => costs[s]![r]!),
    ),
  ).toBeLessThan(1e-6);
  expect(
    largestDifference(
      await gradient(together),
      byHand((s) => sum(costs[s]!)),
    ),
  ).toBeLessThan(1e-6);
});

test("exact enumerates together what is not kept apart", async () => {
  const logits = () => np.array([[0.5, -0.3, 0.8], [0, 1, 0]].flat(), { shape: [2, 3] }); // biome-ignore format: short
  const product = (value: Array) => value.mul(np.array([1, 2, 3])).sum(-1).prod(-1); // biome-ignore format: short
  const joint = expectation(categorical, random.key(0), logits(), product, { estimator: "exact" });
  const means = [softmax([0.5, -0.3, 0.8]), softmax([0, 1, 0])].map((p) => sum(p.map((q, i) => q * (i + 1))));
  expect(await joint.jsAsync()).toBeCloseTo(means[0]! * means[1]!, 4);
  const apart = (value: Array) => value.mul(np.array([1, 2, 3])).sum(-1);
  const each = expectation(categorical, random.key(0), logits(), apart, { estimator: "exact", batchAxes: 1 });
  expect(largestDifference(await each.data(), means)).toBeLessThan(1e-5);
});

test("a learned control variate is tuned by the gradient of the squared estimate", async () => {
  const squared = (weight: Array, key: Array) => {
    const variate = (z: Array) => COSTS.network!.ofArray(z).mul(weight.ref);
    const options = { estimator: "relax", temperature: 0.5, variate } as const;
    const estimate = grad((l: Array) => expectation(categorical, key, l, COSTS.network!.ofArray, options));
    return np.square(estimate(np.array(LOGITS))).sum();
  };
  const found = await grad(squared)(np.array(0.4), random.key(7)).jsAsync();
  const at = async (weight: number) => (await squared(np.array(weight), random.key(7)).jsAsync()) as number;
  expect(found).toBeCloseTo(((await at(0.41)) - (await at(0.39))) / 0.02, 2);
  expect(Math.abs(found as number)).toBeGreaterThan(1e-3);
});

describe("a structure that is solved on the host", () => {
  const squares = () => np.array([[0.5, -0.3, 0.8], [0, 1, 0.2], [0.4, 0, -1]]); // biome-ignore format: a matrix
  const costs = [[1, 2, 3], [2, 1, 0.5], [0.3, 4, 1]]; // biome-ignore format: a matrix
  const cost = (value: Array) => np.square(value.mul(np.array(costs)).sum([-1, -2]));

  test.each(["straight-through", "imle", "perturbed"] as const)("has its draws prepared for %s", async (estimator) => {
    const options = { estimator, samples: 3 } as const;
    const draws = await prepareExpectation(permutation, random.key(8), squares(), options, cost);
    const exact = await permutation.sample(random.key(8), np.broadcastTo(squares(), [3, 3, 3]));
    expect(await draws.value.ref.data()).toEqual(await exact.ref.data());
    const value = await cost(exact).mean().jsAsync();
    const loss = (l: Array, given: typeof draws) => expectation(permutation, given, l, cost, options);
    const kept = {
      ...draws,
      key: draws.key.ref,
      value: draws.value.ref,
      ...(draws.target && { target: draws.target.ref }),
    };
    const [eager, gradient] = valueAndGrad(loss)(squares(), kept);
    expect(await eager.jsAsync()).toBeCloseTo(value, 5);
    const jitted = await jit(grad(loss))(squares(), draws).data();
    expect(largestDifference(jitted, await gradient.data())).toBeLessThan(1e-5);
    expect(Math.max(...jitted.map(Math.abs))).toBeGreaterThan(0);
  });

  test("imle moves the maxima against the gradient of the cost", async () => {
    const options = { estimator: "imle", samples: 2, step: 0.5 } as const;
    const { key, value, target } = await prepareExpectation(permutation, random.key(9), squares(), options, cost);
    const slope = grad((x: Array) => cost(x).sum())(value);
    const keys = noise.perturb(key, np.broadcastTo(squares(), [2, 3, 3]));
    expect(await target!.data()).toEqual(await (await permutation.mode(keys.sub(slope.mul(0.5)))).data());
  });

  test("has as many draws prepared as its baseline needs, where none are named", async () => {
    const options = { estimator: "perturbed", baseline: "leave-one-out" } as const;
    const draws = await prepareExpectation(permutation, random.key(8), squares(), options);
    expect(draws.value.shape).toEqual([2, 3, 3]);
    expect(await expectation(permutation, draws, squares(), cost, options).jsAsync()).toSatisfy(Number.isFinite);
  });

  test("refuses draws that were prepared for logits of another shape", async () => {
    const options = { estimator: "perturbed" } as const;
    const draws = await prepareExpectation(permutation, random.key(8), squares(), options);
    expect(() => expectation(permutation, draws, np.zeros([2, 3, 3]), cost, options)).toThrow(
      "expectation: the draws were prepared for logits of shape [3,3], got float32[2,3,3].",
    );
  });

  test("says so, where a draw is wanted inside of a loss, and where options differ", async () => {
    const options = { estimator: "perturbed", samples: 3 } as const;
    const loss = (l: Array) => expectation(permutation, random.key(1), l, cost, options);
    expect(() => jit(grad(loss))(squares())).toThrow(/solved on the host/);
    expect(() => loss(squares())).toThrow("Await prepareExpectation(structure, key, logits, options)");
    const draws = await prepareExpectation(permutation, random.key(8), squares(), { ...options, samples: 2 });
    expect(() => expectation(permutation, draws, squares(), cost, options)).toThrow(
      "expectation: samples is 3, and 2 draws were prepared. Give both the same options.",
    );
    expect(() => prepareExpectation(permutation, random.key(8), squares(), { estimator: "imle" })).toThrow(
      'prepareExpectation: "imle" needs the cost, too',
    );
  });
});

describe("errors name what was wrong, what was expected, and what came", () => {
  const of = (options: object, cost = COSTS.network!.ofArray, structure: Structure = categorical) =>
    expectation(structure as typeof categorical, random.key(0), np.array(LOGITS), cost, options as never);
  const disarm = () => of({ estimator: "disarm", samples: 3 }, undefined, bernoulli);

  test.each<[() => unknown, string]>([
    [() => of(undefined as never), 'options must be an object such as { estimator: "score-function" }, got undefined.'],
    [() => of({ samples: 2 }), "options must name an estimator"],
    [() => of({ estimator: "reinforce" }), 'estimator must be one of "exact", "score-function"'],
    [() => of({ estimator: "simple", temperature: 1 }), 'unknown option "temperature"'],
    [() => of({ estimator: "straight-through", axis: 1 }), 'categorical.relax: unknown option "axis"'],
    [() => of({ estimator: "disarm" }), '"disarm" is for bernoulli choices alone.'],
    [
      () => of({ estimator: "relaxed" }, undefined, conditionalBernoulli.of(2)),
      '"relaxed" needs a structure with relax, and this one has none.',
    ],
    [
      () => of({ estimator: "straight-through" }, undefined, conditionalBernoulli.of(2)),
      '"straight-through" needs a structure with relax',
    ],
    [() => of({ estimator: "imle" }, undefined, conditionalBernoulli.of(2)), '"imle" needs a structure with law'],
    [() => of({ estimator: "simple" }, undefined, subset.of(2)), '"simple" needs a structure with marginals'],
    [() => of({ estimator: "score-function", samples: 0 }), "samples must be a whole number of at least 1, got 0."],
    [
      () => of({ estimator: "score-function", samples: 1, baseline: "leave-one-out" }),
      "samples must be a whole number of at least 2, got 1.",
    ],
    [
      () => of({ estimator: "score-function", baseline: "mean" }),
      'baseline must be one of "none", "leave-one-out", "greedy", got "mean".',
    ],
    [
      () => of({ estimator: "score-function", baseline: Number.NaN }),
      "baseline must be a number or an array, got NaN.",
    ],
    [
      () => of({ estimator: "score-function", baseline: np.zeros([3]) }),
      "expectation: baseline must be a number, or an array that broadcasts to the costs, [1], got float32[3].",
    ],
    [
      () => of({ estimator: "perturbed", samples: 2, baseline: np.zeros([3, 1]) }),
      "expectation: baseline must be a number, or an array that broadcasts to the costs, [2], got float32[3,1].",
    ],
    [
      () => of({ estimator: "rebar", samples: 2, scale: np.zeros([3, 1]) }),
      "expectation: scale must be a number, or an array that broadcasts to the costs, [2], got float32[3,1].",
    ],
    [() => of({ estimator: "unordered-set", samples: 5 }), "samples must be at most n = 4, got 5."],
    [disarm, 'samples must be even for "disarm", whose draws come in pairs, got 3.'],
    [
      () => of({ estimator: "gumbel-rao", conditionalSamples: 0 }),
      "conditionalSamples must be a whole number of at least 1, got 0.",
    ],
    [() => of({ estimator: "imle", step: 0 }), "step must be a positive number, got 0."],
    [() => of({ estimator: "gapped-straight-through", gap: -1 }), "gap must be a positive number, got -1."],
    [() => of({ estimator: "relax" }), '"relax" needs variate, a function of relaxed values'],
    [
      () => of({ estimator: "exact", batchAxes: 1 }),
      "batchAxes must be at most 0, the batch axes of logits [4], got 1.",
    ],
    [
      () => of({ estimator: "simple" }, (v) => v.sum()),
      "what cost returns must be one number for each of the 1 values",
    ],
    [() => of({ estimator: "simple" }, (v) => v), "a beginning of [1], got float32[1,4]."],
    [
      () => of({ estimator: "simple" }, undefined, null as never),
      "expectation: structure must be an object such as categorical, got null.",
    ],
    [
      () =>
        expectation(categorical, random.key(0), np.array(1), COSTS.network!.ofArray, { estimator: "score-function" }),
      "expectation: logits must have shape [..., n] with n at least 1, got float32[].",
    ],
    [() => of({ estimator: "simple" }, 3 as never), "cost must be a function of values, got 3."],
  ])("%#", (call, message) => {
    expect(call).toThrow(message);
  });

  test.each(["rebar", "relaxed", "gumbel-rao", "gapped-straight-through", "reinmax"] as const)(
    "of a temperature of %s, before anything is consumed",
    (estimator) => {
      const [key, logits] = [np.array(new Uint32Array([1, 2])), np.array(LOGITS)];
      const call = () =>
        expectation(categorical, key, logits, COSTS.network!.ofArray, { estimator, temperature: np.array([1, 2]) });
      expect(call).toThrow("expectation: temperature must be a number, a scalar array, or an array that broadcasts");
      expect([key.refCount, logits.refCount]).toEqual([1, 1]);
      key.dispose();
      logits.dispose();
    },
  );

  test("of exact, when there are too many values", () => {
    const many = () =>
      expectation(categorical, random.key(0), np.zeros([20, 10]), (v) => v.sum([-1, -2]), { estimator: "exact" });
    expect(many).toThrow(
      'expectation: "exact" enumerates at most 65536 values, and 20 choices of 10 together have 10^20. ' +
        "Tell it by batchAxes which choices the cost keeps apart.",
    );
  });
});

describe("losses of numbers from outside", () => {
  test.each(["none", "leave-one-out", 0.4] as const)(
    "scoreFunction with baseline %s is expectation's",
    async (baseline) => {
      const key = () => random.key(3);
      const options = { estimator: "score-function", samples: 4, baseline } as const;
      const draws = categorical.sample(key(), np.broadcastTo(np.array(LOGITS), [4, n]));
      const costs = np.array([...(await COSTS.network!.ofArray(draws.ref).data())]);
      const outside = (l: Array) => scoreFunction(categorical.logProb(draws, l), costs, { baseline });
      const inside = (l: Array) => expectation(categorical, key(), l, COSTS.network!.ofArray, options);
      const [value, gradient] = valueAndGrad(outside)(np.array(LOGITS));
      const [expected, slope] = valueAndGrad(inside)(np.array(LOGITS));
      expect(await value.jsAsync()).toBeCloseTo(await expected.jsAsync(), 5);
      expect(largestDifference(await gradient.data(), await slope.data())).toBeLessThan(1e-6);
    },
  );

  test("vimco has the bound for a value, and the gradient of its definition", async () => {
    const [logWeights, logProb] = [[-1, 0.5, 2], [-0.3, -2, -1]]; // biome-ignore format: short
    const logMeanExp = (x: number[]) => Math.log(sum(x.map(Math.exp)) / x.length);
    const bound = logMeanExp(logWeights);
    const [value, gradients] = valueAndGrad(vimco, { argnums: [0, 1] })(np.array(logWeights), np.array(logProb));
    expect(await value.jsAsync()).toBeCloseTo(bound, 5);
    const learned = logWeights.map((_, s) => {
      const others = sum(logWeights.filter((_, i) => i !== s)) / 2;
      return bound - logMeanExp(logWeights.map((w, i) => (i === s ? others : w)));
    });
    expect(largestDifference(await gradients[1]!.data(), learned)).toBeLessThan(1e-5);
    expect(largestDifference(await gradients[0]!.data(), softmax(logWeights))).toBeLessThan(1e-5);
  });

  test.each([
    [[Number.NEGATIVE_INFINITY, 0, 1], 0.5],
    [[-1e9, 0, 1], 0.5],
  ])("vimco weighs a draw of %s by the mean of the others alone", async (logWeights, others) => {
    const logMeanExp = (x: number[]) => Math.log(sum(x.map(Math.exp)) / x.length);
    const [value, gradient] = valueAndGrad((q: Array) => vimco(np.array(logWeights), q))(np.zeros([3]));
    expect(await value.jsAsync()).toBeCloseTo(logMeanExp(logWeights), 5);
    const learned = logMeanExp(logWeights) - logMeanExp([others, 0, 1]);
    expect((await gradient.data())[0]).toBeCloseTo(learned, 5);
  });

  test("the gradient of fenchelYoung is the mean draw less the target", async () => {
    const target = [0, 1, 0, 0];
    const loss = (l: Array) => fenchelYoung(categorical, random.key(3), l, np.array(target), { samples: 50 });
    const draws = categorical.sample(random.key(3), np.broadcastTo(np.array(LOGITS), [50, n]));
    const mean = await draws.mean(0).data();
    expect(
      largestDifference(
        await grad(loss)(np.array(LOGITS)).data(),
        mean.map((x: number, i: number) => x - target[i]!),
      ),
    ).toBeLessThan(1e-6);
  });

  test("refuse what does not fit", () => {
    const two = () => np.array([1, 2]);
    expect(() => scoreFunction(two(), np.array([1, 2, 3]))).toThrow(
      "scoreFunction: costs must be one number for each of the 2 values",
    );
    expect(() => scoreFunction(np.array([1]), np.array([1]), { baseline: "leave-one-out" })).toThrow(
      "needs two samples or more",
    );
    expect(() => scoreFunction(two(), two(), { baseline: np.zeros([3, 1]) })).toThrow(
      "scoreFunction: baseline must be a number, or an array that broadcasts to the costs, [2], got float32[3,1].",
    );
    const lawless = { ...categorical, law: undefined } as never;
    expect(() => fenchelYoung(lawless, random.key(0), two(), two())).toThrow("fenchelYoung needs a structure with law");
    expect(() => vimco(two(), np.array([1, 2, 3]))).toThrow("vimco: logProb must have the shape of logWeights");
    expect(() => vimco(np.array([1]), np.array([1]))).toThrow("vimco: logWeights must have two samples or more");
  });
});

/** A structure of one's own, whose relaxation takes no options. */
const own = {
  sample: (key: Array, logits: Array) => categorical.sample(key, logits),
  relax: (key: Array, logits: Array) => categorical.relax(key, logits),
  mode: (logits: Array) => categorical.mode(logits),
  softMode: (logits: Array) => categorical.softMode(logits),
};

/** Not run: which estimators a structure can have. */
function types(key: Array, logits: Array, cost: (value: Array) => Array) {
  expectation(bernoulli, key, logits, cost, { estimator: "disarm" });
  expectation(subset.of(2), key, logits, cost, { estimator: "gumbel-rao", relaxation: "successive" });
  expectation(permutation, key, logits, cost, { estimator: "relaxed", iterations: 30 });
  expectation(own, key, logits, cost, { estimator: "relaxed", temperature: 2 });
  expectation(own, key, logits, cost, { estimator: "straight-through" });
  // @ts-expect-error
  expectation(own, key, logits, cost, { estimator: "straight-through", iterations: 30 });
  // @ts-expect-error
  expectation(own, key, logits, cost, { estimator: "score-function" });
  // @ts-expect-error
  expectation(categorical, key, logits, cost, { estimator: "disarm" });
  // @ts-expect-error
  expectation(bernoulli, key, logits, cost, { estimator: "unordered-set", samples: 2 });
  // @ts-expect-error
  expectation(permutation, key, logits, cost, { estimator: "score-function" });
  // @ts-expect-error
  expectation(subset.of(2), key, logits, cost, { estimator: "simple" });
  // @ts-expect-error
  expectation(categorical, key, logits, cost, { estimator: "simple", temperature: 1 });
  // @ts-expect-error
  expectation(categorical, key, logits, cost, { estimator: "perturbed", baseline: "greedy" });
}
test("the types of options are compiled", () => expect(types).toHaveLength(3));
