import { numpy as np, random, tree } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { decodeCheckpoint, encodeCheckpoint, type Tensor } from "../../src/checkpoint/safetensors.ts";
import type { Parameters } from "../../src/nn/adam.ts";
import { arraysOf, checkTensors, readTensors } from "../../src/nn/tensors.ts";

/** Every kind of leaf and of level; the list is longer than ten, where the order of names is not that of numbers. */
const example = (): Parameters => ({
  layers: Array.from({ length: 12 }, (_, i) => ({ weight: np.array([[i, i + 0.5]]), bias: np.array([-i]) })),
  key: random.key(2 ** 31 + 5),
  count: np.array(3),
  labels: np.array(Int32Array.of(-1, 2)),
  deep: { deeper: { deepest: np.zeros([2, 1, 3]) } },
});

const shape = (...shape: number[]): Tensor => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

describe("readTensors", () => {
  test("names each leaf by its path, and keeps the tree", async () => {
    const arrays = example();
    const tensors = await readTensors(arrays);
    const layers = Array.from({ length: 12 }, (_, i) => [`layers.${i}.weight`, `layers.${i}.bias`]).flat();
    expect(Object.keys(tensors).sort()).toEqual([...layers, "key", "count", "labels", "deep.deeper.deepest"].sort());
    expect(tensors["layers.10.weight"]).toEqual({ shape: [1, 2], data: Float32Array.of(10, 10.5) });
    expect(tensors.key).toEqual({ shape: [2], data: Uint32Array.of(0, 2 ** 31 + 5) });
    expect(tensors.count).toEqual({ shape: [], data: Float32Array.of(3) });
    expect(tensors.labels).toEqual({ shape: [2], data: Int32Array.of(-1, 2) });
    for (const leaf of tree.leaves(arrays) as np.Array[]) expect(leaf.refCount).toBe(1);
    tree.dispose(arrays);
  });

  test("a checkpoint's bytes give the tree back, as arrays of the caller's", async () => {
    const tensors = await readTensors(example());
    const restored = arraysOf(decodeCheckpoint(encodeCheckpoint({ tensors, metadata: {} }), "test").tensors);
    expect((restored as { layers: unknown }).layers).toBeInstanceOf(Array);
    expect(await readTensors(restored)).toEqual(tensors);
    for (const leaf of tree.leaves(restored) as np.Array[]) expect(leaf.refCount).toBe(1);
  });
});

describe("arraysOf", () => {
  test("gives the part below a path, and nothing of a longer name that begins alike", async () => {
    const tensors = { "model.a": shape(2), "model.b.0": shape(3), "model.b.1": shape(1), "modelling.c": shape(1) };
    const model = arraysOf(tensors, "model") as unknown as { a: np.Array; b: np.Array[] };
    expect(Object.keys(model)).toEqual(["a", "b"]);
    expect(model.b.map((array) => array.shape)).toEqual([[3], [1]]);
    expect(arraysOf(tensors, "model.b")).toHaveLength(2);
  });

  test("refuses a path that has no tensors, and bytes", () => {
    expect(() => arraysOf({ "model.a": shape(1) }, "models")).toThrow('The checkpoint has no tensors below "models".');
    expect(() => arraysOf({})).toThrow("The checkpoint has no tensors");
    const bytes = { image: { shape: [1], data: Uint8Array.of(1) } };
    expect(() => arraysOf(bytes)).toThrow("The engine has no bytes: expected a tensor of F32, I32 or U32.");
  });
});

describe("checkTensors", () => {
  const expected = () => ({ layer: { weight: np.zeros([2, 3]), bias: np.zeros([2]) } });
  const right = { "layer.weight": shape(2, 3), "layer.bias": shape(2) };

  test("accepts the tensors of the tree, which it keeps", () => {
    const tree = expected();
    checkTensors(right, tree);
    expect(tree.layer.weight.refCount).toBe(1);
  });

  test.each([
    ["a missing tensor", { "layer.bias": shape(2) }, "has no tensor layer.weight."],
    [
      "another shape",
      { ...right, "layer.weight": shape(3, 2) },
      "tensor layer.weight: expected shape [2,3], got [3,2].",
    ],
    ["an unknown tensor", { ...right, "layer.scale": shape(1) }, "has an unknown tensor layer.scale."],
  ])("refuses %s by name", (_, tensors, message) => {
    expect(() => checkTensors(tensors, expected())).toThrow(message);
  });
});
