/** Every verb consumes its arrays exactly once and leaves nothing behind in the engine's memory. */

import { blockUntilReady, grad, numpy as np } from "@jax-js/jax";
import { values } from "@softdraw/testing/device";
import { watchArrays } from "@softdraw/testing/live-arrays";
import * as softdraw from "softdraw";
import { assignment, categorical, noise, straightThrough } from "softdraw";
import { describe, expect, test } from "vitest";
import { bits, key, logits, oneHot, ROWS, scalar, squares } from "./arguments.ts";
import { expectations } from "./expectations.ts";
import { type Call, readStructures } from "./structures.ts";

type Array = np.Array;

const structures = await readStructures();

const verbs: Call[] = [
  { name: "assignment.maximize", arrays: () => [squares()], call: (w) => assignment.maximize(w!), onHost: true },
  { name: "noise.gumbel", arrays: () => [key()], call: (k) => noise.gumbel(k!, [ROWS]) },
  { name: "noise.gumbelFromBits", arrays: () => [bits()], call: (b) => noise.gumbelFromBits(b!) },
  { name: "noise.logistic", arrays: () => [key()], call: (k) => noise.logistic(k!, [ROWS]) },
  { name: "noise.logisticFromBits", arrays: () => [bits()], call: (b) => noise.logisticFromBits(b!) },
  { name: "noise.perturb", arrays: () => [key(), logits()], call: (k, l) => noise.perturb(k!, l!) },
  ...structures.flatMap(({ calls }) => calls),
  ...expectations,
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
  const functions = Object.keys(softdraw).filter((name) => typeof Reflect.get(softdraw, name) === "function");
  expect([...new Set(listed)].sort()).toEqual([...exported, ...functions].sort());
});

describe.each(verbs)("$name", ({ arrays, call }) => {
  test("consumes each of its arrays, and returns one that is held once", async () => {
    const given = arrays();
    const result = await call(...given);
    for (const array of given) {
      expect(array.refCount).toBe(0);
      expect(() => array.ref).toThrow("freed");
      await expect(array.data()).rejects.toThrow("freed");
    }
    expect(result.refCount).toBe(1);
    result.dispose();
  });

  test("leaves arrays that it was given by .ref, for the same result again", async () => {
    const given = arrays();
    const first = await values(await call(...given.map((array) => array.ref)));
    for (const array of given) expect(array.refCount).toBe(1);
    expect(await values(await call(...given))).toEqual(first);
  });
});

describe("an error leaves the other arrays as they were", () => {
  /** Calls that do something with an array before they hand it on. */
  const isOwn = ({ name }: Call) => /^prepareExpectation|captures$|in blocks$|in columns$/.test(name);
  const ofMany = verbs.filter((verb) => !isOwn(verb) && disposed(verb.arrays()).length > 1);
  test.each(ofMany)("in $name", async ({ arrays, call }) => {
    const count = disposed(arrays()).length;
    for (let wrong = 0; wrong < count; wrong++) {
      const given = arrays();
      const others = given.filter((_, i) => i !== wrong);
      await expect(async () => call(...given.map((x, i) => (i === wrong ? ("wrong" as never) : x)))).rejects.toThrow();
      for (const array of others) expect(array.refCount, `after a wrong argument ${wrong}`).toBe(1);
      disposed(given);
    }
  });
});

/** The first call compiles, and what is compiled keeps constants. */
const WARM_UP = 1;
const CALLS = 1;

/** How many more arrays hold memory after some calls, the results disposed of. */
async function kept({ arrays, call }: Call): Promise<number> {
  const { count } = watchArrays();
  const run = async (calls: number) => {
    // Awaited, as in any loop: what waits holds its arguments.
    for (let i = 0; i < calls; i++) (await blockUntilReady(await call(...arrays()))).dispose();
  };
  await run(WARM_UP);
  const before = count();
  await run(CALLS);
  return count() - before;
}

describe("memory", () => {
  test.each([...verbs, ...gradients])("is given back by $name", async (verb) => {
    expect(await kept(verb)).toBe(0);
  });

  const leaky: Call[] = [
    { name: "an array", arrays: () => [logits()], call: (l) => categorical.softMode(l!.ref) },
    { name: "a scalar", arrays: () => [logits(), scalar()], call: (l, t) => categorical.entropy(l!.mul(t!.ref)) },
    { name: "a result", arrays: () => [logits()], call: (l) => categorical.mode(l!).ref },
  ];

  test.each(leaky)("is kept by leaking $name: these tests can fail", async (verb) => {
    expect(await kept(verb)).toBe(CALLS);
  });
});
