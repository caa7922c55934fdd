import { grad, jit, numpy as np, vmap } from "@jax-js/jax";
import { device, values } from "@softdraw/testing/device";
import { normals } from "@softdraw/testing/numbers";
import { straightThrough } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

/**
 * Pairs in which `soft + (hard - soft)`, the common form, loses bits of `hard` or all of it: sizes far apart,
 * neighbouring floats, the ends of the range, subnormals, infinities.
 */
const pairs: { soft: number; hard: number }[] = [
  { soft: 0.1, hard: 1 },
  { soft: 1e8, hard: 1 },
  { soft: -1e8, hard: 1e-8 },
  { soft: 3.4e38, hard: -3.4e38 },
  { soft: 1, hard: 1 + 2 ** -23 },
  { soft: 1 / 3, hard: 0.1 },
  { soft: 1e-45, hard: 1e-38 },
  { soft: 1e30, hard: 1e-45 },
  { soft: 5, hard: Number.NEGATIVE_INFINITY },
];
const isSubnormal = (x: number) => x !== 0 && Math.abs(x) < 2 ** -126;
/** On WebGPU subnormals count as 0. */
const awkward = pairs.filter(({ hard }) => device === "wasm" || !isSubnormal(hard));
const soft = () => np.array(awkward.map((pair) => pair.soft));
const hard = () => np.array(awkward.map((pair) => pair.hard));

describe("straightThrough", () => {
  test("has the value of hard, to the last bit", async () => {
    expect(await values(straightThrough(soft(), hard()))).toEqual(await values(hard()));
    expect(await values(jit(straightThrough)(soft(), hard()))).toEqual(await values(hard()));
  });

  test("is a test that the common form fails", async () => {
    const common = soft().add(hard().sub(soft()));
    expect(await values(common)).not.toEqual(await values(hard()));
  });

  test("sends the gradient to soft, unchanged, and none to hard", async () => {
    const cotangent = normals(1, awkward.length);
    const loss = (s: Array, h: Array) => straightThrough(s, h).mul(np.array(cotangent)).sum();
    const finiteHard = np.array(awkward.map((_, i) => i));
    const [bySoft, byHard] = grad(loss, { argnums: [0, 1] })(soft(), finiteHard);
    expect(await values(bySoft)).toEqual(await values(np.array(cotangent)));
    expect((await values(byHard)).every((g) => g === 0)).toBe(true);
  });

  test("is differentiated where hard was: a loss sees the exact value", async () => {
    const square = (s: Array) => {
      const x = straightThrough(s, np.array([3]));
      return x.ref.mul(x).sum();
    };
    expect(await values(grad(square)(np.array([0.25])))).toEqual([6]);
  });

  test("works under vmap", async () => {
    const mapped = vmap(straightThrough)(np.array([[0.25, 0.75]]), np.array([[0, 1]]));
    expect(await values(mapped)).toEqual([0, 1]);
  });
});
