/** What the library's README says that the engine lacks, by the version of Node that runs the tests. */

import { grad, init, jit, numpy as np } from "@jax-js/jax";
import { describe, expect, test } from "vitest";

const version = Number(process.versions.node.split(".")[0]);
const ones = () => np.ones([2, 2]);
const einsum = () => np.einsum("ij,jk->ik", ones(), ones());
const doubles = () => np.array(new Float64Array([1, 2]));

describe.runIf(version < 24)("before Node 24, as under Limits in the README,", () => {
  test.each([
    ["a Float64Array", doubles],
    ["float64", () => np.array([1, 2], { dtype: np.float64 })],
    ["float16", () => np.ones([2], { dtype: np.float16 }).dataSync()],
  ])("%s is refused", (_, make) => {
    expect(make).toThrow("Float16Array is not defined");
  });
});

describe.runIf(version < 22)("before Node 22, too,", () => {
  test("einsum is refused, and so is init without the name of the WebAssembly device", async () => {
    expect(einsum).toThrow("map is not a function");
    await expect(init()).rejects.toThrow("navigator is not defined");
    await expect(init("webgpu")).rejects.toThrow("navigator is not defined");
    expect(await init("wasm")).toContain("wasm");
  });
});

test.runIf(version >= 24)("from Node 24 on nothing of it is refused", async () => {
  expect(doubles().dtype).toBe("float64");
  expect(await np.ones([2], { dtype: np.float16 }).jsAsync()).toEqual([1, 1]);
  expect(await einsum().jsAsync()).toEqual([
    [2, 2],
    [2, 2],
  ]);
  expect(await init()).toContain("wasm");
});

test("under jit the gradient by a part is that by the whole, as docs/performance.md says, and there is a way around it", async () => {
  const x = () =>
    np.array([
      [1, 2],
      [3, 5],
    ]);
  const part = (w: np.Array) => x().mul(w).slice([0, 1]);
  const kept = (y: np.Array) => np.vecdot(np.expandDims(y, -1), np.ones([1]));
  const gradient = (f: (w: np.Array) => np.Array) => f(np.ones([2])).data();
  expect([...(await gradient(grad((w: np.Array) => part(w).sum())))]).toEqual([1, 2]);
  expect([...(await gradient(jit(grad((w: np.Array) => part(w).sum()))))]).toEqual([4, 7]);
  expect([...(await gradient(jit(grad((w: np.Array) => kept(part(w)).sum()))))]).toEqual([1, 2]);
});
