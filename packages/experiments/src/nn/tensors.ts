/**
 * Trees of arrays on the device, as named tensors on the host and back: what checkpoints hold.
 *
 * @module
 */

import { numpy as np, tree } from "@jax-js/jax";
import { firstNotFinite } from "../checkpoint/finite.ts";
import type { Tensor, TensorData } from "../checkpoint/safetensors.ts";
import { foreignText } from "../foreign-text.ts";
import type { Parameters } from "./adam.ts";

type Tensors = Record<string, Tensor>;

/** Every leaf by its path, as in `encoder.0.weight`. Does not consume the tree. */
export async function readTensors(tree: Parameters): Promise<Tensors> {
  const reading = leavesOf(tree).map(async ([path, leaf]): Promise<[string, Tensor]> => [path, await readTensor(leaf)]);
  return Object.fromEntries(await Promise.all(reading));
}

/**
 * Refuses tensors other than those of a tree, and numbers that are none. Does not consume the tree.
 *
 * @throws Error naming the first tensor that is missing, of another shape or type, unknown, or not finite
 */
export function checkTensors(tensors: Readonly<Tensors>, tree: Parameters): void {
  const leaves = new Map(leavesOf(tree));
  for (const [path, leaf] of leaves) {
    const got = tensors[path];
    if (!got) throw new Error(`The checkpoint has no tensor ${path}.`);
    checkTensor(path, got, leaf);
  }
  const unknown = Object.keys(tensors).find((path) => !leaves.has(path));
  if (unknown !== undefined) throw new Error(`The checkpoint has an unknown tensor ${foreignText(unknown)}.`);
}

function checkTensor(path: string, { shape, data }: Tensor, leaf: np.Array): void {
  const name = `The checkpoint's tensor ${path}`;
  if (shape.join() !== leaf.shape.join()) {
    throw new Error(`${name}: expected shape [${leaf.shape}], got [${foreignText(shape.join())}].`);
  }
  const type = typeOf(data);
  if (type !== leaf.dtype) throw new Error(`${name}: expected ${leaf.dtype}, got ${type}.`);
  const wrong = firstNotFinite(data);
  if (wrong !== undefined) throw new Error(`${name}: expected finite numbers, got ${wrong}.`);
}

/** The engine's name for the type of a tensor's elements. */
function typeOf(data: TensorData): string {
  return data.constructor.name.replace("Array", "").toLowerCase();
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
