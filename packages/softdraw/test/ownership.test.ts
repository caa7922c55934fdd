/**
 * Every verb consumes its arrays exactly once and leaves nothing behind in the engine's memory.
 * Its watch on the memory is set before the engine is loaded: hence the dynamic imports.
 */

import type { numpy } from "@jax-js/jax";
import { watchEngineMemory } from "@softdraw/testing/engine-memory";
import { describe, expect, test } from "vitest";
import { type Call, readStructures } from "./structures.ts";

type Array = numpy.Array;

const { growthToTheNumber } = await watchEngineMemory();
const { blockUntilReady, grad, numpy: np } = await import("@jax-js/jax");
const { assignment, categorical, noise, straightThrough } = await import("softdraw");
const { bits, COLUMNS, key, logits, oneHot, ROWS, scalar, squares } = await import("./arguments.ts");
const structures = await readStructures();

const verbs: Call[] = [
  { name: "assignment.maximize", arrays: () => [squares()], call: (w) => assignment.maximize(w!), onHost: true },
  { name: "noise.gumbel", arrays: () => [key()], call: (k) => noise.gumbel(k!, [ROWS]) },
  { name: "noise.gumbelFromBits", arrays: () => [bits()], call: (b) => noise.gumbelFromBits(b!) },
  { name: "noise.logistic", arrays: () => [key()], call: (k) => noise.logistic(k!, [ROWS]) },
  { name: "noise.logisticFromBits", arrays: () => [bits()], call: (b) => noise.logisticFromBits(b!) },
  { name: "noise.perturb", arrays: () => [key(), logits()], call: (k, l) => noise.perturb(k!, l!) },
  ...structures.flatMap(({ calls }) => calls),
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
const gradients: Call[] = verbs
  .filter(({ arrays, onHost }) => !onHost && disposed(arrays()).some(isFloat))
  .map(({ name, arrays, call }) => ({
    name: `the gradient of ${name}`,
    arrays,
    call: (...given) => {
      const integers = given.filter((x) => !isFloat(x));
      const floats = given.filter(isFloat);
      const loss = (...x: Array[]) =>
        (call(...integers, ...x.map((y) => np.sin(y.ref))) as Array)
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
  const columns = structures.flatMap(({ columns }) => Object.entries(columns));
  const modules = { assignment, noise, ...Object.fromEntries(columns.map(([name, { verbs }]) => [name, verbs])) };
  const exported = Object.entries(modules).flatMap(([name, verbs]) =>
    Object.entries(verbs).flatMap(([verb, value]) => (typeof value === "function" ? [`${name}.${verb}`] : [])),
  );
  const withoutArrays = structures.flatMap(({ withoutArrays = [] }) => withoutArrays);
  const listed = [...verbs.map(({ name }) => name.split(" ")[0]), ...withoutArrays];
  expect([...new Set(listed)].sort()).toEqual([...exported, "straightThrough"].sort());
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
const CALLS = 100;

/**
 * By how many bytes the memory grows in `CALLS` calls, the results disposed of, after warming up. An array left behind
 * by every call is seen too, if a call itself takes no more than a hundred of its size.
 */
async function growth({ arrays, call }: Call, arrayBytes = 4 * ROWS * COLUMNS): Promise<number> {
  const run = async (calls: number) => {
    for (let i = 0; i < calls; i++) {
      const result = await call(...arrays());
      // Awaited, as in any loop: what waits makes each call take longer than the one before.
      (await blockUntilReady(result)).dispose();
    }
  };
  await run(WARM_UP);
  return growthToTheNumber(CALLS, () => run(CALLS), arrayBytes);
}

describe("memory", () => {
  test.each(verbs)("does not grow by $name", async (verb) => {
    expect(await growth(verb)).toBe(0);
  });

  // Some of them take hundreds of arrays at a time.
  test.each(gradients)("does not grow by $name", async (verb) => {
    expect(await growth(verb, 0)).toBe(0);
  });

  const leaky: Call[] = [
    { name: "an array", arrays: () => [logits()], call: (l) => categorical.softMode(l!.ref) },
    { name: "a scalar", arrays: () => [logits(), scalar()], call: (l, t) => categorical.entropy(l!.mul(t!.ref)) },
    { name: "a result", arrays: () => [logits()], call: (l) => categorical.mode(l!).ref },
  ];

  test.each(leaky)("does grow by leaking $name: these tests can fail", async (verb) => {
    expect(await growth(verb)).toBeGreaterThan(0);
  });
});
