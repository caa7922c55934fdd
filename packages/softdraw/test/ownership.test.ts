/**
 * Every verb consumes its arrays exactly once and leaves nothing behind in the engine's memory.
 * Its watch on the memory is set before the engine is loaded: hence the dynamic imports.
 */

import type { numpy } from "@jax-js/jax";
import { watchEngineMemory } from "@softdraw/testing/engine-memory";
import { describe, expect, test } from "vitest";

type Array = numpy.Array;

const { growthToTheNumber } = await watchEngineMemory();
const { grad, numpy: np } = await import("@jax-js/jax");
const { assignment, bernoulli, categorical, noise, permutation, straightThrough, subset } = await import("softdraw");

interface Verb {
  name: string;
  /** Fresh arguments: arrays that hold memory of their own, the scalar temperature too. */
  arrays: () => Array[];
  call: (...arrays: Array[]) => Array | Promise<Array>;
  /** Solved on the host, so without gradient. */
  onHost?: true;
}

const [ROWS, COLUMNS] = [32, 8];
const seed = () => np.array(new Uint32Array([1, 2]));
const bits = () => np.array(Uint32Array.from({ length: ROWS }, (_, i) => i));
const rows = (entry: (column: number) => number) =>
  np.array(
    Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => entry(i % COLUMNS)),
    { shape: [ROWS, COLUMNS] },
  );
const logits = () => rows((column) => column / 4);
const oneHot = () => rows((column) => (column === 3 ? 1 : 0));
const twoHot = () => rows((column) => (column < 2 ? 1 : 0));
const order = () =>
  np.array(
    Int32Array.from({ length: 2 * ROWS }, (_, i) => i % 2),
    { shape: [ROWS, 2] },
  );
const squares = () =>
  np.array(
    Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(i)),
    { shape: [16, 4, 4] },
  );
const items = () => np.array(Float32Array.from({ length: 16 * 4 * 3 }), { shape: [16, 4, 3] });
const indices = () => np.array(Int32Array.from([2, 0, 3, 1, 1, 0, 3, 2]), { shape: [2, 4] });
const inside = () => rows((column) => (column + 1) / 36);
/** The first of two numbers: the engine keeps no memory for an array that is the same number everywhere. */
const scalar = () => np.array(new Float32Array([0.5, 1])).slice(0);

/** The verbs that bernoulli and categorical share. */
const ofStructure = (name: string, structure: typeof bernoulli | typeof categorical): Verb[] => [
  { name: `${name}.entropy`, arrays: () => [logits()], call: (l) => structure.entropy(l!) },
  { name: `${name}.kl`, arrays: () => [logits()], call: (l) => structure.kl(l!) },
  { name: `${name}.kl to a prior`, arrays: () => [logits(), logits()], call: (l, q) => structure.kl(l!, q!) },
  { name: `${name}.logProb`, arrays: () => [oneHot(), logits()], call: (x, l) => structure.logProb(x!, l!) },
  { name: `${name}.mode`, arrays: () => [logits()], call: (l) => structure.mode(l!) },
  {
    name: `${name}.relax`,
    arrays: () => [seed(), logits(), scalar()],
    call: (key, l, temperature) => structure.relax(key!, l!, { temperature: temperature! }),
  },
  {
    name: `${name}.relax at a number`,
    arrays: () => [seed(), logits()],
    call: (key, l) => structure.relax(key!, l!, { temperature: 0.5 }),
  },
  {
    name: `${name}.relax hard`,
    arrays: () => [seed(), logits(), scalar()],
    call: (key, l, temperature) => structure.relax(key!, l!, { temperature: temperature!, hard: true }),
  },
  {
    name: `${name}.relaxedLogProb`,
    arrays: () => [inside(), logits(), scalar()],
    call: (x, l, temperature) => structure.relaxedLogProb(x!, l!, { temperature: temperature! }),
  },
  { name: `${name}.sample`, arrays: () => [seed(), logits()], call: (key, l) => structure.sample(key!, l!) },
  {
    name: `${name}.softMode`,
    arrays: () => [logits(), scalar()],
    call: (l, temperature) => structure.softMode(l!, { temperature: temperature! }),
  },
];

const ofSubset: Verb[] = [
  { name: "subset.logProb", arrays: () => [order(), logits()], call: (x, l) => subset.logProb(x!, l!) },
  { name: "subset.mode", arrays: () => [logits()], call: (l) => subset.mode(l!, 2) },
  { name: "subset.sample", arrays: () => [seed(), logits()], call: (key, l) => subset.sample(key!, l!, 2) },
  {
    name: "subset.sample in blocks",
    arrays: () => [seed(), logits()],
    call: (key, l) => subset.sample(key!, l!.reshape([ROWS * COLUMNS]), 2),
  },
  {
    name: "subset.sampleOrdered",
    arrays: () => [seed(), logits()],
    call: (key, l) => subset.sampleOrdered(key!, l!, 2),
  },
  {
    name: "subset.sampleOrdered in columns",
    arrays: () => [seed(), logits()],
    call: (key, l) => subset.sampleOrdered(key!, np.tile(l!, [20, 1]).reshape([20 * ROWS * COLUMNS]), 1),
  },
  { name: "subset.setLogProb", arrays: () => [twoHot(), logits()], call: (x, l) => subset.setLogProb(x!, l!, 2) },
  {
    name: "subset.relax all",
    arrays: () => [seed(), logits(), scalar()],
    call: (key, l, temperature) => subset.relax(key!, l!, COLUMNS, { temperature: temperature! }),
  },
  ...(["threshold", "successive"] as const).map(
    (relaxation): Verb => ({
      name: `subset.relax ${relaxation}, hard`,
      arrays: () => [seed(), logits(), scalar()],
      call: (key, l, temperature) => subset.relax(key!, l!, 2, { temperature: temperature!, relaxation, hard: true }),
    }),
  ),
  {
    name: "subset.softMode",
    arrays: () => [logits(), scalar()],
    call: (l, temperature) => subset.softMode(l!, 2, { temperature: temperature! }),
  },
];

const relaxedPermutations: Verb[] = (
  [
    ["auto", "unrolled"],
    ["auto", "implicit"],
    ["log", "unrolled"],
    ["scaling", "unrolled"],
  ] as const
).map(([form, gradient]) => ({
  name: `permutation.relax ${form} ${gradient}`,
  arrays: () => [seed(), squares(), scalar()],
  call: (key, l, temperature) =>
    permutation.relax(key!, l!, { temperature: temperature!, iterations: 2, form, gradient }),
}));

const ofPermutation: Verb[] = [
  { name: "assignment.maximize", arrays: () => [squares()], call: (w) => assignment.maximize(w!), onHost: true },
  { name: "permutation.apply", arrays: () => [squares(), items()], call: (p, x) => permutation.apply(p!, x!) },
  {
    name: "permutation.applyInverse",
    arrays: () => [squares(), items()],
    call: (p, x) => permutation.applyInverse(p!, x!),
  },
  { name: "permutation.compose", arrays: () => [squares(), squares()], call: (a, b) => permutation.compose(a!, b!) },
  {
    name: "permutation.compose of indices",
    arrays: () => [indices(), indices()],
    call: (a, b) => permutation.compose(a!, b!),
  },
  { name: "permutation.invert", arrays: () => [squares()], call: (p) => permutation.invert(p!) },
  { name: "permutation.invert of indices", arrays: () => [indices()], call: (p) => permutation.invert(p!) },
  { name: "permutation.isPermutation", arrays: () => [squares()], call: (p) => permutation.isPermutation(p!) },
  {
    name: "permutation.isPermutation of indices",
    arrays: () => [indices()],
    call: (p) => permutation.isPermutation(p!),
  },
  {
    name: "permutation.iterationsFor",
    arrays: () => [squares(), scalar()],
    call: async (l, temperature) =>
      np.array(await permutation.iterationsFor(l!, { temperature: temperature!, tolerance: 0.1 })),
    onHost: true,
  },
  { name: "permutation.mode", arrays: () => [squares()], call: (l) => permutation.mode(l!), onHost: true },
  ...relaxedPermutations,
  { name: "permutation.residual", arrays: () => [squares()], call: (p) => permutation.residual(p!) },
  {
    name: "permutation.sample",
    arrays: () => [seed(), squares()],
    call: (key, l) => permutation.sample(key!, l!),
    onHost: true,
  },
  {
    name: "permutation.sinkhorn",
    arrays: () => [squares(), scalar()],
    call: (l, temperature) => permutation.sinkhorn(l!, { temperature: temperature!, iterations: 1 }),
  },
  {
    name: "permutation.softMode",
    arrays: () => [squares()],
    call: (l) => permutation.softMode(l!, { iterations: 0 }),
  },
];

const verbs: Verb[] = [
  { name: "noise.gumbel", arrays: () => [seed()], call: (key) => noise.gumbel(key!, [ROWS]) },
  { name: "noise.gumbelFromBits", arrays: () => [bits()], call: (b) => noise.gumbelFromBits(b!) },
  { name: "noise.logistic", arrays: () => [seed()], call: (key) => noise.logistic(key!, [ROWS]) },
  { name: "noise.logisticFromBits", arrays: () => [bits()], call: (b) => noise.logisticFromBits(b!) },
  { name: "noise.perturb", arrays: () => [seed(), logits()], call: (key, l) => noise.perturb(key!, l!) },
  ...ofStructure("bernoulli", bernoulli),
  ...ofStructure("categorical", categorical),
  ...ofPermutation,
  ...ofSubset,
  {
    name: "straightThrough",
    arrays: () => [logits(), oneHot()],
    call: (soft, hard) => straightThrough(soft!, hard!),
  },
];

/**
 * The gradient of a loss that uses a verb and, as losses do, depends on all the floating-point arguments. They come to
 * the verb from another operation, so that their tangents hold memory.
 */
const gradients: Verb[] = verbs
  .filter(({ arrays, onHost }) => !onHost && disposed(arrays()).some(isFloat))
  .map(({ name, arrays, call }) => ({
    name: `the gradient of ${name}`,
    arrays,
    call: (...given) => {
      const key = given.filter((x) => !isFloat(x));
      const floats = given.filter(isFloat);
      const loss = (...x: Array[]) =>
        (call(...key, ...x.map((y) => np.sin(y.ref))) as Array)
          .sum()
          .add(x.map((y) => y.sum()).reduce((a, b) => a.add(b)));
      const [first, ...rest] = grad(loss, { argnums: floats.map((_, i) => i) })(...floats);
      disposed(rest);
      return first!;
    },
  }));

function isFloat(x: Array): boolean {
  return x.dtype === np.float32;
}

function disposed(arrays: Array[]): Array[] {
  for (const array of arrays) array.dispose();
  return arrays;
}

test("the list has every verb of the library", () => {
  // The one that takes no arrays.
  const { reservoir, ...ofArrays } = subset;
  const exported = Object.entries({ assignment, noise, bernoulli, categorical, permutation, subset: ofArrays }).flatMap(
    ([name, verbs]) => Object.keys(verbs).map((verb) => `${name}.${verb}`),
  );
  const listed = new Set(verbs.map(({ name }) => name.split(" ")[0]));
  expect([...listed].sort()).toEqual([...exported, "straightThrough"].sort());
});

describe.each(verbs)("$name", ({ arrays, call }) => {
  test("consumes each of its arrays, and returns one that is held once", async () => {
    const given = arrays();
    const result = await call(...given);
    for (const array of given) {
      expect(array.refCount).toBe(0);
      expect(() => array.ref).toThrow("freed");
      expect(() => array.dataSync()).toThrow("freed");
    }
    expect(result.refCount).toBe(1);
    result.dispose();
  });

  test("leaves arrays that it was given by .ref, for the same result again", async () => {
    const given = arrays();
    const first = (await call(...given.map((array) => array.ref))).dataSync();
    for (const array of given) expect(array.refCount).toBe(1);
    expect((await call(...given)).dataSync()).toEqual(first);
  });
});

const WARM_UP = 5;
const CALLS = 200;

/** By how many bytes the memory grows in `CALLS` calls, the results disposed of, after warming up. */
async function growth({ arrays, call }: Verb): Promise<number> {
  const run = async (calls: number) => {
    for (let i = 0; i < calls; i++) {
      const result = call(...arrays());
      (result instanceof Promise ? await result : result).dispose();
    }
  };
  await run(WARM_UP);
  return growthToTheNumber(CALLS, () => run(CALLS));
}

describe("memory", () => {
  test.each([...verbs, ...gradients])("does not grow by $name", async (verb) => {
    expect(await growth(verb)).toBe(0);
  });

  const leaky: Verb[] = [
    { name: "an array", arrays: () => [logits()], call: (l) => categorical.softMode(l!.ref) },
    { name: "a scalar", arrays: () => [logits(), scalar()], call: (l, t) => categorical.entropy(l!.mul(t!.ref)) },
    { name: "a result", arrays: () => [logits()], call: (l) => categorical.mode(l!).ref },
  ];

  test.each(leaky)("does grow by leaking $name: these tests can fail", async (verb) => {
    expect(await growth(verb)).toBeGreaterThan(0);
  });
});
