/** Options: names that there are not, those that are undefined, and what the types let through. */

import { runInNewContext } from "node:vm";
import { numpy as np, random } from "@jax-js/jax";
import { values } from "@softdraw/testing/device";
import * as softdraw from "softdraw";
import {
  arborescence,
  bernoulli,
  categorical,
  chain,
  conditionalBernoulli,
  expectation,
  fenchelYoung,
  permutation,
  prepareExpectation,
  type RelaxOptions,
  ranking,
  type SinkhornOptions,
  type Structure,
  schedules,
  scoreFunction,
  spanningTree,
  subset,
  type TemperatureOptions,
  transport,
} from "softdraw";
import { describe, expect, test } from "vitest";

const key = () => random.key(1);
const logits = () => np.zeros([3, 3]);

/** The state of a model that has one for every prefix. */
function afterUse(state: np.Array, last: np.Array): np.Array {
  last.dispose();
  return state;
}
/** What says which plan a transport is. */
const PLAN = [
  ...["temperature", "rows", "columns", "rowPenalty", "columnPenalty"],
  ...["rowSlack", "columnSlack", "start"],
];

/** Of single relaxations of an order. */
const ofOrders = ["network", "sigmoid", "iterations"];

/** Every function that takes options: how it is called, what it must be given, and all names that it knows. */
const functions: Record<string, { call: (options: never) => unknown; needed?: object; names: string[] }> = {
  "bernoulli.relax": {
    call: (o) => bernoulli.relax(key(), logits(), o),
    names: ["temperature", "hard", "noise", "stretch"],
  },
  "bernoulli.softMode": { call: (o) => bernoulli.softMode(logits(), o), names: ["temperature", "stretch"] },
  "bernoulli.openProbability": {
    call: (o) => bernoulli.openProbability(logits(), o),
    names: ["temperature", "stretch"],
  },
  "bernoulli.relaxedLogProb": {
    call: (o) => bernoulli.relaxedLogProb(np.full([3], 0.5), logits(), o),
    names: ["temperature"],
  },
  "bernoulli.relaxGiven": {
    call: (o) => bernoulli.relaxGiven(key(), np.ones([3]), logits(), o),
    names: ["temperature", "stretch"],
  },
  "categorical.relax": {
    call: (o) => categorical.relax(key(), logits(), o),
    names: ["temperature", "hard", "noise", "relaxation", "alpha"],
  },
  "categorical.softMode": {
    call: (o) => categorical.softMode(logits(), o),
    names: ["temperature", "relaxation", "alpha"],
  },
  "categorical.relaxedLogProb": {
    call: (o) => categorical.relaxedLogProb(np.full([3], 0.3), logits(), o),
    names: ["temperature"],
  },
  "categorical.relaxGiven": {
    call: (o) => categorical.relaxGiven(key(), np.array([0, 1, 0]), logits(), o),
    names: ["temperature", "relaxation", "alpha"],
  },
  "subset.relax": {
    call: (o) => subset.relax(key(), logits(), 2, o),
    names: ["temperature", "hard", "noise", "relaxation"],
  },
  "subset.relaxGiven": {
    call: (o) => subset.relaxGiven(key(), np.array([0, 1, 1]), logits(), 2, o),
    names: ["temperature", "relaxation"],
  },
  "subset.softMode": { call: (o) => subset.softMode(logits(), 2, o), names: ["temperature", "relaxation"] },
  "subset.stochasticBeamSearch": {
    call: (o) =>
      subset.stochasticBeamSearch(
        key(),
        (state, last) => ({ logits: state.ref, state: afterUse(state, last) }),
        logits(),
        3,
        o,
      ),
    needed: { length: 1 },
    names: ["length", "first"],
  },
  "subset.of(2).relax": {
    call: (o) => subset.of(2).relax(key(), logits(), o),
    names: ["temperature", "hard", "noise", "relaxation"],
  },
  "subset.of(2).relaxGiven": {
    call: (o) => subset.of(2).relaxGiven(key(), np.array([0, 1, 1]), logits(), o),
    names: ["temperature", "relaxation"],
  },
  "subset.of(2).softMode": { call: (o) => subset.of(2).softMode(logits(), o), names: ["temperature", "relaxation"] },
  "conditionalBernoulli.softMode": {
    call: (o) => conditionalBernoulli.softMode(logits(), 2, o),
    names: ["temperature"],
  },
  "conditionalBernoulli.of(2).softMode": {
    call: (o) => conditionalBernoulli.of(2).softMode(logits(), o),
    names: ["temperature"],
  },
  ...Object.fromEntries(
    Object.entries({
      spanningTree,
      "spanningTree.perturbed": spanningTree.perturbed,
      arborescence,
      "arborescence.perturbed": arborescence.perturbed,
    }).map(([name, { softMode }]) => [
      `${name}.softMode`,
      { call: (o: never) => softMode(logits(), o), names: ["temperature"] },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({ spanningTree, arborescence }).map(([name, { perturbed }]) => [
      `${name}.perturbed.relax`,
      { call: (o: never) => perturbed.relax(key(), logits(), o), names: ["temperature", "hard", "noise"] },
    ]),
  ),
  "arborescence.of": { call: (o) => arborescence.of(o), names: ["root"], needed: { root: 0 } },
  "arborescence.perturbed.of": { call: (o) => arborescence.perturbed.of(o), names: ["root"], needed: { root: 0 } },
  "ranking.relax": {
    call: (o) => ranking.relax(key(), logits(), o),
    names: ["temperature", "hard", "noise", "relaxation", ...ofOrders],
  },
  "ranking.relaxGiven": {
    call: (o) => ranking.relaxGiven(key(), np.eye(3), logits(), o),
    names: ["temperature", "relaxation", ...ofOrders],
  },
  ...Object.fromEntries(
    (["softMode", "softRank", "softSort"] as const).map((verb) => [
      `ranking.${verb}`,
      { call: (o: never) => ranking[verb](logits(), o), names: ["temperature", "relaxation", ...ofOrders] },
    ]),
  ),
  "ranking.softQuantile": {
    call: (o) => ranking.softQuantile(logits(), 0.5, o),
    names: ["temperature", "relaxation", ...ofOrders],
  },
  ...Object.fromEntries(
    (["entropy", "logPartition", "marginals", "mode", "pairMarginals"] as const).map((verb) => [
      `chain.${verb}`,
      { call: (o: never) => chain[verb](logits(), logits(), o), names: ["lengths"] },
    ]),
  ),
  "chain.kl": { call: (o) => chain.kl(logits(), logits(), [logits(), logits()], o), names: ["lengths"] },
  "chain.logProb": { call: (o) => chain.logProb(np.eye(3), logits(), logits(), o), names: ["lengths"] },
  "chain.sample": { call: (o) => chain.sample(key(), logits(), logits(), o), names: ["lengths"] },
  "chain.softMode": { call: (o) => chain.softMode(logits(), logits(), o), names: ["temperature", "lengths"] },
  "chain.perturbed.mode": { call: (o) => chain.perturbed.mode(logits(), logits(), o), names: ["lengths"] },
  "chain.perturbed.relax": {
    call: (o) => chain.perturbed.relax(key(), logits(), logits(), o),
    names: ["temperature", "hard", "noise", "lengths"],
  },
  "chain.perturbed.sample": { call: (o) => chain.perturbed.sample(key(), logits(), logits(), o), names: ["lengths"] },
  "chain.perturbed.softMode": {
    call: (o) => chain.perturbed.softMode(logits(), logits(), o),
    names: ["temperature", "lengths"],
  },
  expectation: {
    call: (o) => expectation(categorical, key(), logits(), (value) => value.sum(-1), o),
    needed: { estimator: "score-function" },
    names: ["estimator", "samples", "baseline"],
  },
  prepareExpectation: {
    call: (o) => prepareExpectation(categorical, key(), logits(), o),
    needed: { estimator: "perturbed" },
    names: ["estimator", "samples", "baseline"],
  },
  fenchelYoung: { call: (o) => fenchelYoung(categorical, key(), logits(), logits(), o), names: ["samples"] },
  scoreFunction: { call: (o) => scoreFunction(logits(), logits(), o), names: ["baseline"] },
  "permutation.gibbs.softMode": {
    call: (o) => permutation.gibbs.softMode(logits(), o),
    names: ["temperature"],
  },
  "subset.reservoir": {
    call: (o) => subset.reservoir([1, 2, 3], 2, o),
    needed: { seed: 0 },
    names: ["seed", "weight"],
  },
  "permutation.relax": {
    call: (o) => permutation.relax(key(), logits(), o),
    names: ["temperature", "iterations", "form", "gradient", "hard", "noise"],
  },
  "permutation.softMode": {
    call: (o) => permutation.softMode(logits(), o),
    names: ["temperature", "iterations", "form", "gradient"],
  },
  "permutation.sinkhorn": {
    call: (o) => permutation.sinkhorn(logits(), o),
    names: ["temperature", "iterations", "form", "gradient"],
  },
  "permutation.iterationsFor": {
    call: (o) => permutation.iterationsFor(logits(), o),
    names: ["temperature", "tolerance", "limit"],
  },
  "transport.relax": {
    call: (o) => transport.relax(key(), logits(), o),
    names: [...PLAN, "iterations", "form", "gradient", "noise"],
  },
  "transport.softMode": {
    call: (o) => transport.softMode(logits(), o),
    names: [...PLAN, "iterations", "form", "gradient"],
  },
  "transport.sinkhorn": {
    call: (o) => transport.sinkhorn(logits(), o),
    names: [...PLAN, "iterations", "form", "gradient"],
  },
  "transport.potentials": { call: (o) => transport.potentials(logits(), o), names: [...PLAN, "iterations"] },
  "transport.iterationsFor": {
    call: (o) => transport.iterationsFor(logits(), o),
    names: [...PLAN, "tolerance", "limit"],
  },
  "transport.mode": { call: (o) => transport.mode(logits(), o), names: ["rowSlack", "columnSlack"] },
  "transport.sample": { call: (o) => transport.sample(key(), logits(), o), names: ["rowSlack", "columnSlack"] },
  "transport.residual": { call: (o) => transport.residual(logits(), o), names: ["rows", "columns"] },
  "schedules.exponential": {
    call: (o) => schedules.exponential(o),
    needed: { start: 1, rate: 0.1 },
    names: ["start", "rate", "floor", "hold"],
  },
  "schedules.linear": {
    call: (o) => schedules.linear(o),
    needed: { start: 1, end: 0.5, steps: 3 },
    names: ["start", "end", "steps"],
  },
  "schedules.cosine": {
    call: (o) => schedules.cosine(o),
    needed: { start: 1, end: 0.5, steps: 3 },
    names: ["start", "end", "steps"],
  },
};

/** The exported functions that take none. */
const withoutOptions = [
  "straightThrough",
  "vimco",
  "assignment.maximize",
  "categorical.sampleIndices",
  ...[
    "entropy",
    "fromProbabilities",
    "kl",
    "logProb",
    "marginals",
    "mode",
    "perturbGiven",
    "sample",
    "support",
  ].flatMap((verb) => [`bernoulli.${verb}`, `categorical.${verb}`]),
  ...["gumbel", "gumbelFromBits", "logistic", "logisticFromBits", "perturb"].map((name) => `noise.${name}`),
  ...["apply", "applyInverse", "compose", "invert", "isPermutation", "mode", "residual", "sample", "support"].map(
    (verb) => `permutation.${verb}`,
  ),
  ...["entropy", "kl", "logPartition", "logProb", "marginals", "mode", "sample", "support"].map(
    (verb) => `permutation.gibbs.${verb}`,
  ),
  "transport.apply",
  "transport.applyInverse",
  ...["logProb", "mode", "perturbGiven", "sample", "sampleOrdered", "support"].map((verb) => `ranking.${verb}`),
  "schedules.constant",
  ...["logProb", "mode", "of", "perturbGiven", "sample", "sampleOrdered", "setLogProb", "support"].map(
    (verb) => `subset.${verb}`,
  ),
  ...["logProb", "mode", "perturbGiven", "sample", "sampleOrdered", "support"].map((verb) => `subset.of(2).${verb}`),
  ...["entropy", "kl", "logPartition", "logProb", "marginals", "mode", "sample", "support"].flatMap((verb) => [
    `conditionalBernoulli.${verb}`,
    `conditionalBernoulli.of(2).${verb}`,
  ]),
  "conditionalBernoulli.of",
  ...["spanningTree", "arborescence"].flatMap((name) => [
    ...["entropy", "kl", "logPartition", "logProb", "marginals", "mode", "sample", "support"].map(
      (verb) => `${name}.${verb}`,
    ),
    ...["mode", "sample", "support"].map((verb) => `${name}.perturbed.${verb}`),
  ]),
  ...["chain", "chain.perturbed"].flatMap((name) => [`${name}.of`, `${name}.support`]),
];

test("every exported function is known to take options, or none", () => {
  const nested = {
    "permutation.gibbs": permutation.gibbs,
    "subset.of(2)": subset.of(2),
    "conditionalBernoulli.of(2)": conditionalBernoulli.of(2),
    "spanningTree.perturbed": spanningTree.perturbed,
    "arborescence.perturbed": arborescence.perturbed,
    "chain.perturbed": chain.perturbed,
  };
  const exported = Object.entries({ ...softdraw, ...nested }).flatMap(([name, value]) =>
    typeof value === "function"
      ? [name]
      : Object.entries(value).flatMap(([verb, member]) => (typeof member === "function" ? [`${name}.${verb}`] : [])),
  );
  expect([...Object.keys(functions), ...withoutOptions].sort()).toEqual(exported.sort());
});

describe.each(Object.entries(functions))("%s", (where, { call, needed = {}, names }) => {
  const given = (options: object) => () => call({ ...needed, ...options } as never);
  const known = names.map((name) => `"${name}"`).join(", ");

  test("refuses an option of another name, and says which there are", () => {
    const verb = names.length > 1 ? "are" : "is";
    const message = `${where}: unknown option "axis". There ${verb} ${known}.`;
    expect(given({ axis: 0 })).toThrow(new TypeError(message));
  });

  test("guesses a name that is misspelled", () => {
    for (const name of names) {
      const misspelled = `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}`;
      expect(given({ [misspelled]: 0 })).toThrow(`${where}: unknown option "${misspelled}"; did you mean "${name}"?`);
      const capital = name.toUpperCase();
      expect(given({ [capital]: 0 })).toThrow(`${where}: unknown option "${capital}"; did you mean "${name}"?`);
    }
  });

  test("takes the default for an option that is undefined", () => {
    const optional = names.filter((name) => !(name in needed));
    expect(given(Object.fromEntries([...optional, "unknown"].map((name) => [name, undefined])))).not.toThrow();
  });

  test("refuses anything that is no object", () => {
    for (const [wrong, got] of [
      [0.5, "0.5"],
      [null, "null"],
      [[0.5], "a JavaScript array"],
    ] as const) {
      const message = new RegExp(
        `^${where.replace(/[.()]/g, "\\$&")}: options must be an object such as {.*}, got ${got}.$`,
      );
      expect(() => call(wrong as never)).toThrow(message);
    }
  });
});

test("an abbreviation is understood", () => {
  const tau = { tau: 0.1 } as TemperatureOptions;
  expect(() => categorical.relax(key(), logits(), tau as RelaxOptions)).toThrow(
    new TypeError(
      'categorical.relax: unknown option "tau"; did you mean "temperature"? There are "temperature", "hard", "noise", "relaxation", "alpha".',
    ),
  );
  const iters = { iters: 3 } as SinkhornOptions;
  expect(() => permutation.sinkhorn(logits(), iters)).toThrow('unknown option "iters"; did you mean "iterations"?');
});

test("of names that are near, the nearest is guessed", () => {
  const wrong = (name: string) => () => permutation.iterationsFor(logits(), { [name]: 1 } as object);
  expect(wrong("tolrance")).toThrow('did you mean "tolerance"?');
  expect(wrong("tolerence")).toThrow('did you mean "tolerance"?');
  expect(wrong("tance")).toThrow('did you mean "tolerance"?');
  expect(wrong("tre")).toThrow('did you mean "tolerance"?');
});

test("where hard is no option, the error says what to do instead", () => {
  const options = { hard: true } as object;
  const instead =
    "For an exact value with the gradient of a relaxation use straightThrough(soft, hard): hard from sample, with the " +
    "key that relax had, or from mode beside softMode.";
  expect(() => categorical.softMode(logits(), options)).toThrow(
    new TypeError(
      `categorical.softMode: unknown option "hard". There are "temperature", "relaxation", "alpha". ${instead}`,
    ),
  );
  expect(() => schedules.linear({ start: 1, end: 1, steps: 1, ...options })).toThrow(
    new TypeError('schedules.linear: unknown option "hard". There are "start", "end", "steps".'),
  );
});

describe.each(Object.entries(functions).filter(([, { names }]) => names.includes("temperature")))(
  "%s",
  (where, { call, names }) => {
    test("refuses temperature 0, and advises hard only where there is hard", () => {
      const advice = names.includes("hard")
        ? "mode (no noise), sample, or hard: true (exact value, relaxed gradient)."
        : "mode (no noise) or sample.";
      expect(() => call({ temperature: 0 } as never)).toThrow(
        new RangeError(
          `${where}: temperature must be a positive number, got 0. For values without relaxation use ${advice}`,
        ),
      );
    });
  },
);

test("hard is true or false", () => {
  const options = { hard: "false" } as unknown as RelaxOptions;
  const message = "must be true or false, got string.";
  expect(() => bernoulli.relax(key(), logits(), options)).toThrow(new TypeError(`bernoulli.relax: hard ${message}`));
  expect(() => categorical.relax(key(), logits(), options)).toThrow(
    new TypeError(`categorical.relax: hard ${message}`),
  );
  expect(() => subset.relax(key(), logits(), 2, options)).toThrow(new TypeError(`subset.relax: hard ${message}`));
  expect(() => permutation.relax(key(), logits(), options)).toThrow(
    new TypeError(`permutation.relax: hard ${message}`),
  );
});

test("options without a prototype, and of a frozen object, are taken", () => {
  const bare = Object.assign(Object.create(null), { temperature: 0.5 });
  expect(categorical.relax(key(), logits(), bare).shape).toEqual([3, 3]);
  expect(categorical.relax(key(), logits(), Object.freeze({ temperature: 0.5 })).shape).toEqual([3, 3]);
});

describe("options may be an instance of a class", () => {
  const hot = { temperature: 1e6 };
  const softened = (options: object) => categorical.softMode(np.array([0, 1, 2]), options);

  test("with fields, with getters, or what another object inherits", async () => {
    class Fields {
      temperature = 1e6;
    }
    class Getter {
      get temperature() {
        return 1e6;
      }
      method() {}
    }
    class Derived extends Getter {}
    for (const options of [hot, new Fields(), new Getter(), new Derived(), Object.create(hot)]) {
      expect((await values(softened(options)))[0]).toBeCloseTo(1 / 3, 5);
    }
  });

  test("whose names are checked", () => {
    class Getter {
      temperature = 1;
      get tau() {
        return 1;
      }
    }
    const message = 'unknown option "tau"; did you mean "temperature"?';
    expect(() => softened(new Getter())).toThrow(message);
    expect(() => softened(Object.create({ temperature: 1, tau: 1 }))).toThrow(message);
  });

  test("but not one that has no option at all", () => {
    class Other {}
    for (const [wrong, got] of [
      [new Map([["temperature", 0.5]]), "a Map"],
      [new Date(), "a Date"],
      [new Float32Array(0), "a Float32Array"],
      [Promise.resolve({ temperature: 0.5 }), "a promise: await it"],
      [new Other(), "an Other"],
      [() => 0.5, "function"],
    ] as const) {
      const message = `categorical.softMode: options must be an object such as { temperature: 0.5 }, got ${got}.`;
      expect(() => softened(wrong)).toThrow(new TypeError(message));
    }
  });
});

test("options are plain in another realm too, symbols are no options, and additions to all objects none either", () => {
  const elsewhere = runInNewContext("({ empty: {}, hot: { temperature: 0.5 }, tau: { tau: 1 } })");
  expect(() => categorical.softMode(logits(), elsewhere.empty)).not.toThrow();
  expect(() => categorical.softMode(logits(), elsewhere.hot)).not.toThrow();
  expect(() => categorical.softMode(logits(), elsewhere.tau)).toThrow('unknown option "tau"');
  expect(() => categorical.softMode(logits(), { [Symbol("tau")]: 1 } as object)).not.toThrow();
  const all = Object.prototype as { added?: () => void };
  all.added = () => {};
  try {
    expect(() => categorical.softMode(logits(), {})).not.toThrow();
    expect(() => categorical.softMode(logits(), new (class { temperature = 1; })())).not.toThrow(); // biome-ignore format: short
  } finally {
    delete all.added;
  }
});

/** Not run: what compiles, and what does not. */
function types(flag: boolean | undefined, temperature: number | undefined) {
  const hard = { temperature: 0.5, hard: true };
  categorical.relax(key(), logits(), hard);
  subset.relax(key(), logits(), 2, hard);
  permutation.relax(key(), logits(), hard);
  // @ts-expect-error
  permutation.softMode(logits(), hard);
  // @ts-expect-error
  categorical.softMode(logits(), hard);
  // @ts-expect-error
  categorical.relaxedLogProb(logits(), logits(), hard);
  // @ts-expect-error
  subset.softMode(logits(), 2, hard);
  // @ts-expect-error
  categorical.relaxGiven(key(), logits(), logits(), hard);
  // @ts-expect-error
  subset.relaxGiven(key(), logits(), logits(), 2, hard);
  // @ts-expect-error
  ranking.softMode(logits(), hard);
  // @ts-expect-error
  ranking.relax(key(), logits(), { relaxation: "projection" });
  ranking.relax(key(), logits(), { ...hard, relaxation: "network", network: undefined, sigmoid: undefined });
  ranking.softSort(logits(), { relaxation: "projection", temperature, iterations: undefined });
  // @ts-expect-error
  permutation.iterationsFor(logits(), hard);
  permutation.relax(key(), logits(), { hard: undefined });
  categorical.softMode(logits(), { hard: undefined, temperature });
  categorical.relaxedLogProb(logits(), logits(), { hard: undefined });
  subset.softMode(logits(), 2, { hard: undefined });
  bernoulli.relax(key(), logits(), { hard: flag, temperature });
  categorical.relax(key(), logits(), { hard: flag, temperature });
  subset.relax(key(), logits(), 2, { hard: flag, temperature, relaxation: undefined });
  permutation.relax(key(), logits(), { temperature, iterations: undefined, form: undefined, gradient: undefined });
  permutation.iterationsFor(logits(), { temperature, tolerance: undefined, limit: undefined });
  schedules.exponential({ start: 1, rate: 1, floor: undefined, hold: undefined });
  subset.reservoir([1], 1, { seed: 0, weight: undefined });
}
test("the types of options are compiled", () => expect(types).toHaveLength(2));

type Scored = Structure & Required<Pick<Structure, "logProb">>;
type Relaxed = Structure & Required<Pick<Structure, "relax">>;

/** Not run: what is a structure for code that takes any, and what it can do with one. */
async function structureTypes(generic: Structure, scored: Scored & Relaxed) {
  const pairs = conditionalBernoulli.of(2);
  const structures: Structure[] = [
    bernoulli,
    categorical,
    ranking,
    permutation,
    permutation.gibbs,
    subset.of(2),
    pairs,
    transport,
    scored,
  ];
  const withLogProb: Scored[] = [bernoulli, categorical, ranking, permutation.gibbs, subset.of(2), pairs];
  const withRelax: Relaxed[] = [bernoulli, categorical, permutation, subset.of(2)];
  // @ts-expect-error
  withRelax.push(permutation.gibbs);
  // @ts-expect-error
  withRelax.push(pairs);
  const cost = (value: np.Array) => value.sum(-1);
  expectation(pairs, key(), logits(), cost, { estimator: "simple", samples: 2 });
  expectation(pairs, key(), logits(), cost, { estimator: "score-function", baseline: "greedy" });
  expectation(pairs, key(), logits(), cost, { estimator: "exact", batchAxes: 1 });
  // @ts-expect-error
  expectation(pairs, key(), logits(), cost, { estimator: "relaxed" });
  // @ts-expect-error
  expectation(pairs, key(), logits(), cost, { estimator: "straight-through" });
  // @ts-expect-error
  expectation(pairs, key(), logits(), cost, { estimator: "imle" });
  // @ts-expect-error
  expectation(pairs, key(), logits(), cost, { estimator: "perturbed" });
  // @ts-expect-error
  withLogProb.push(permutation);
  // @ts-expect-error
  structures.push(subset);
  // @ts-expect-error
  generic.relax(key(), logits(), { temperature: 1 });
  // @ts-expect-error
  scored.relax(key(), logits(), { hard: true });
  const draw: np.Array = await generic.sample(key(), logits());
  return scored.logProb(draw, scored.relax(key(), logits(), { temperature: 1 }));
}
test("the types of structures are compiled", () => expect(structureTypes).toHaveLength(2));
