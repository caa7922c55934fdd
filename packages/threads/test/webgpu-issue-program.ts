/**
 * Computes on WebGPU, with what this package puts below the engine ("layer") or on Dawn as it is ("bare"). Prints the
 * bytes of all that was read, and what a step of a training asked of WebGPU, after some steps and after many.
 */

import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  grad,
  init,
  jit,
  lax,
  numpy as np,
  random,
} from "@jax-js/jax";
import { loadDawn } from "../src/dawn.ts";
import { installWebgpu, webgpuCounts } from "../src/webgpu.ts";

const [way] = process.argv.slice(2);
if (way === "bare") {
  const { create, globals } = await loadDawn();
  Object.assign(globalThis, globals);
  const value = { gpu: create([]), userAgent: "Node.js" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
} else await installWebgpu();
await init("webgpu");
defaultDevice("webgpu");

const read: Record<string, string> = {};
async function note(name: string, array: np.Array): Promise<void> {
  const { buffer, byteOffset, byteLength } = (await array.data()) as Float32Array;
  read[name] = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

const row = (size: number, seed: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(seed + 3 * i));
const array = (shape: number[], seed: number) =>
  np.array(
    row(
      shape.reduce((a, b) => a * b),
      seed,
    ),
    { shape },
  );

type State = { readonly weights: np.Array; readonly momentum: np.Array; readonly bias: np.Array };
const loss = ({ weights, bias }: Pick<State, "weights" | "bias">, x: np.Array) =>
  np.square(np.tanh(np.dot(x, weights).add(bias))).mean();
const step = jit(({ weights, momentum, bias }: State, x: np.Array, key: np.Array) => {
  const noisy = x.add(random.uniform(key, [5, 7]).mul(0.1));
  const slope = grad(loss)({ weights: weights.ref, bias: bias.ref }, noisy.ref);
  const next = momentum.mul(0.9).add(slope.weights);
  const state = { weights: weights.sub(next.ref.mul(0.1)), momentum: next, bias: bias.sub(slope.bias.mul(0.1)) };
  return { state, order: np.argsort(noisy) };
});

/** A training whose batches come from the host, and whose loss, order or state is read. */
async function train(steps: number): Promise<void> {
  let state: State = { weights: array([7, 3], 1), momentum: np.zeros([7, 3]), bias: array([3], 2) };
  for (let i = 0; i < steps; i++) {
    const result = step(state, array([5, 7], i), np.array(new Uint32Array([7, i])));
    state = result.state;
    await note(`order ${i % 10}`, result.order);
    if (i === 40 || i === steps - 51 || i === steps - 1) marks.push(webgpuCounts());
  }
  await blockUntilReady(state);
  for (const [name, value] of Object.entries(state)) await note(name, value);
}
const marks: ReturnType<typeof webgpuCounts>[] = [];

await note("sum", array([1000], 3).sum());
await note("sorted", np.sort(array([4, 33], 4)));
const once = array([64], 5);
await note("once", once.ref.mul(2));
await note("again", once.ref.mul(2).add(once.ref));
await note("itself", once);
const [a, b] = [array([3000], 6), array([3000], 7)];
const dropped = a.ref.mul(3);
dropped.dispose();
await Promise.all([note("first", a.ref.add(b.ref)), note("second", a.ref.mul(b.ref)), note("third", a.sub(b))]);
await note("short", np.array([true, false, true]));
await note("product", np.dot(array([40, 30], 8), array([30, 20], 9)));
await note(
  "scattered",
  grad((x: np.Array) => np.square(x.slice(np.array([2, 0, 2], { dtype: np.int32 }))).sum())(array([4], 10)),
);
await note("solved", lax.linalg.triangularSolve(np.eye(4).add(np.ones([4, 4])), array([4, 2], 11), { leftSide: true }));
await note("largest", lax.topK(array([6, 20], 12), 3)[0]!);
await train(200);

const queue = getWebGPUDevice().queue;
await queue.onSubmittedWorkDone();
const perStep = marks.length < 3 ? {} : differences(marks[1]!, marks[2]!, 50);
console.log(JSON.stringify({ read, perStep, growth: differences(marks[0]!, marks[2]!, 1) }));

function differences(before: object, after: object, steps: number): Record<string, number> {
  const earlier = before as Record<string, number>;
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, (count - earlier[name]!) / steps]));
}
