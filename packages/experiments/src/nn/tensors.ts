/** Trees of arrays on the device, as named tensors on the host and back: what checkpoints hold. */

import { numpy as np, tree } from "@jax-js/jax";
import type { Tensor, TensorData } from "../checkpoint/safetensors.ts";
import type { Parameters } from "./adam.ts";

type Tensors = Record<string, Tensor>;

/** Every leaf by its path, as in `encoder.0.weight`. Does not consume the tree. */
export async function readTensors(tree: Parameters): Promise<Tensors> {
  const reading = leavesOf(tree).map(async ([path, leaf]): Promise<[string, Tensor]> => [path, await readTensor(leaf)]);
  return Object.fromEntries(await Promise.all(reading));
}

/**
 * Refuses tensors other than those of a tree. Does not consume the tree.
 *
 * @throws Error naming the first tensor that is missing, of another shape, or unknown
 */
export function checkTensors(tensors: Readonly<Tensors>, tree: Parameters): void {
  const leaves = new Map(leavesOf(tree));
  for (const [path, { shape }] of leaves) {
    const got = tensors[path];
    if (!got) throw new Error(`The checkpoint has no tensor ${path}.`);
    if (got.shape.join() === shape.join()) continue;
    throw new Error(`The checkpoint's tensor ${path}: expected shape [${shape}], got [${got.shape}].`);
  }
  const unknown = Object.keys(tensors).find((path) => !leaves.has(path));
  if (unknown !== undefined) throw new Error(`The checkpoint has an unknown tensor ${unknown}.`);
}

/**
 * The tensors below `path` (such as `model`; all of them by default) as a tree of arrays, which the caller owns. A level
 * whose names are all numbers is a list. Of what shape the tree is, the caller has to know: `checkTensors` looks.
 *
 * @throws Error when there are none
 */
export function arraysOf<Tree extends Parameters>(tensors: Readonly<Tensors>, path = ""): Tree {
  return treeOf(tensors, path) as Tree;
}

function treeOf(tensors: Readonly<Tensors>, path: string): Parameters {
  const prefix = path === "" ? "" : `${path}.`;
  const names = Object.keys(tensors).filter((name) => name.startsWith(prefix));
  if (names.length === 0) throw new Error(`The checkpoint has no tensors below "${path}".`);
  const heads = [...new Set(names.map((name) => name.slice(prefix.length).split(".")[0]!))];
  const nodes = heads.map((head): [string, np.Array | Parameters] => {
    const leaf = tensors[prefix + head];
    return [head, leaf ? arrayOf(leaf) : treeOf(tensors, prefix + head)];
  });
  if (!heads.every((head) => /^\d+$/.test(head))) return Object.fromEntries(nodes);
  return nodes.sort(([a], [b]) => Number(a) - Number(b)).map(([, node]) => node);
}

/** Frees those arrays of a tree that are still held: what failed half-way may have consumed some of them. */
export function disposeRest(arrays: Parameters | np.Array): void {
  for (const array of tree.leaves<np.Array>(arrays)) if (array.refCount > 0) array.dispose();
}

function leavesOf(tree: Parameters): [path: string, leaf: np.Array][] {
  return Object.entries(tree).flatMap(([name, node]): [string, np.Array][] => {
    if (node instanceof np.Array) return [[name, node]];
    return leavesOf(node).map(([path, leaf]) => [`${name}.${path}`, leaf]);
  });
}

/** A tensor as an array, which the caller owns. */
function arrayOf({ shape, data }: Tensor): np.Array {
  if (data instanceof Uint8Array) throw new TypeError("The engine has no bytes: expected a tensor of F32, I32 or U32.");
  return np.array(data as Exclude<TensorData, Uint8Array> as Float32Array<ArrayBuffer>, { shape: [...shape] });
}

async function readTensor(array: np.Array): Promise<Tensor> {
  return { shape: array.shape, data: (await array.ref.data()) as TensorData };
}
