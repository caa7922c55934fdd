/**
 * Every verb consumes its arrays exactly once and leaves nothing behind in the engine's memory.
 *
 * The engine keeps all arrays in one WebAssembly memory, which grows when no freed block fits. To see it, its
 * constructor is wrapped before the engine is loaded: hence the dynamic imports, and nothing shared with other tests.
 */

import type { numpy } from "@jax-js/jax";
import { describe, expect, test } from "vitest";

type Array = numpy.Array;

const memories: WebAssembly.Memory[] = [];
const { Memory } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor);
    memories.push(this);
  }
};
const { grad, numpy: np } = await import("@jax-js/jax");
const { bernoulli, categorical, noise, straightThrough } = await import("softdraw");
WebAssembly.Memory = Memory;

interface Verb {
  name: string;
  /** Fresh arguments: arrays that hold memory of their own, the scalar temperature too. */
  arrays: () => Array[];
  call: (...arrays: Array[]) => Array;
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

const verbs: Verb[] = [
  { name: "noise.gumbel", arrays: () => [seed()], call: (key) => noise.gumbel(key!, [ROWS]) },
  { name: "noise.gumbelFromBits", arrays: () => [bits()], call: (b) => noise.gumbelFromBits(b!) },
  { name: "noise.logistic", arrays: () => [seed()], call: (key) => noise.logistic(key!, [ROWS]) },
  { name: "noise.logisticFromBits", arrays: () => [bits()], call: (b) => noise.logisticFromBits(b!) },
  { name: "noise.perturb", arrays: () => [seed(), logits()], call: (key, l) => noise.perturb(key!, l!) },
  ...ofStructure("bernoulli", bernoulli),
  ...ofStructure("categorical", categorical),
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
  .filter(({ arrays }) => disposed(arrays()).some(isFloat))
  .map(({ name, arrays, call }) => ({
    name: `the gradient of ${name}`,
    arrays,
    call: (...given) => {
      const key = given.filter((x) => !isFloat(x));
      const floats = given.filter(isFloat);
      const loss = (...x: Array[]) =>
        call(...key, ...x.map((y) => np.sin(y.ref)))
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
  const exported = Object.entries({ noise, bernoulli, categorical }).flatMap(([name, verbs]) =>
    Object.keys(verbs).map((verb) => `${name}.${verb}`),
  );
  const listed = new Set(verbs.map(({ name }) => name.split(" ")[0]));
  expect([...listed].sort()).toEqual([...exported, "straightThrough"].sort());
});

describe.each(verbs)("$name", ({ arrays, call }) => {
  test("consumes each of its arrays, and returns one that is held once", () => {
    const given = arrays();
    const result = call(...given);
    for (const array of given) {
      expect(array.refCount).toBe(0);
      expect(() => array.ref).toThrow("freed");
      expect(() => array.dataSync()).toThrow("freed");
    }
    expect(result.refCount).toBe(1);
    result.dispose();
  });

  test("leaves arrays that it was given by .ref, for the same result again", () => {
    const given = arrays();
    const first = call(...given.map((array) => array.ref)).dataSync();
    for (const array of given) expect(array.refCount).toBe(1);
    expect(call(...given).dataSync()).toEqual(first);
  });
});

const WARM_UP = 5;
const CALLS = 200;
const PAGE = 65_536;
/** The engine hands out memory in blocks of at least so many bytes. */
const BLOCK = 64;

const memoryBytes = () => memories.reduce((bytes, memory) => bytes + memory.buffer.byteLength, 0);
const block = () => np.array(Float32Array.from({ length: BLOCK / 4 }, (_, i) => i));

/**
 * Takes all the free small blocks, and of a newly grown page all but three quarters of `CALLS`, so that a leak of a
 * single scalar in each of `CALLS` calls must make the memory grow.
 */
function fillSmallBlocks(): Array[] {
  const held: Array[] = [];
  const before = memoryBytes();
  while (memoryBytes() === before) {
    held.push(block());
    if (held.length > 1e5) throw new Error("The engine's memory is not the one watched: it does not grow.");
  }
  const free = PAGE / BLOCK - 0.75 * CALLS;
  for (let i = 1; i < free; i++) held.push(block());
  return held;
}

/** By how many bytes the memory grows in `CALLS` calls, the results disposed of, after warming up. */
function growth({ arrays, call }: Verb): number {
  const run = (calls: number) => {
    for (let i = 0; i < calls; i++) call(...arrays()).dispose();
  };
  run(WARM_UP);
  const held = fillSmallBlocks();
  const before = memoryBytes();
  run(CALLS);
  const grown = memoryBytes() - before;
  disposed(held);
  return grown;
}

describe("memory", () => {
  test.each([...verbs, ...gradients])("does not grow by $name", (verb) => {
    expect(growth(verb)).toBe(0);
  });

  const leaky: Verb[] = [
    { name: "an array", arrays: () => [logits()], call: (l) => categorical.softMode(l!.ref) },
    { name: "a scalar", arrays: () => [logits(), scalar()], call: (l, t) => categorical.entropy(l!.mul(t!.ref)) },
    { name: "a result", arrays: () => [logits()], call: (l) => categorical.mode(l!).ref },
  ];

  test.each(leaky)("does grow by leaking $name: these tests can fail", (verb) => {
    expect(growth(verb)).toBeGreaterThan(0);
  });
});
