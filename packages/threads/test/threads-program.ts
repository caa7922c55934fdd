/**
 * Computes with a number of threads, and prints a digest of the results for each kernel and how many threads were started.
 * With 0, it computes with the engine's own pool.
 * A program of its own, because threads have to be there before the engine is.
 */

import { createHash } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import workerThreads from "node:worker_threads";
import type { numpy } from "@jax-js/jax";
import { installThreads, threadStatus } from "../src/index.ts";
import { offerWorker } from "../src/node-worker.ts";

type Array = numpy.Array;

const [threads, rounds] = process.argv.slice(-2).map(Number) as [number, number];
const started = countThreads();
if (threads === 0) offerWorker();
else installThreads(threads);
const { grad, jit, nn, numpy: np, random, tree } = await import("@jax-js/jax");

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);

type Layers = { first: Array; second: Array; bias: Array };

const mlpLoss = ({ first, second, bias }: Layers, x: Array) =>
  np.square(np.dot(nn.relu(np.dot(x, first)), second).add(bias)).mean();

const mlpGradient = jit(function mlpGradient(layers: Layers, x: Array) {
  return tree.leaves(grad(mlpLoss)(layers, x)) as Array[];
});

const unary = (f: (x: Array) => Array, shape: number[]) => {
  const kernel = jit(f);
  return (seed: number) => [kernel(normal(seed, shape))];
};

const product = (m: number, k: number, n: number) => {
  const kernel = jit((a: Array, b: Array) => np.dot(a, b));
  return (seed: number) => [kernel(normal(seed, [m, k]), normal(seed + 1, [k, n]))];
};

/** Sizes that the threads cannot share evenly. */
const kernels: Record<string, (seed: number) => Array[]> = {
  "small product": product(3, 5, 7),
  "odd product": product(37, 53, 29),
  "large product": product(131, 257, 67),
  "aligned product": product(64, 128, 96),
  "product of 100 rows": product(100, 60, 88),
  "product of 300 columns": product(68, 100, 300),
  "sum of all": unary((x) => x.sum(), [123, 457]),
  "sum of rows": unary((x) => x.sum(-1), [1021, 33]),
  "mean of columns": unary((x) => x.mean(0), [33, 1021]),
  maximum: unary((x) => np.max(x, 1), [611, 19]),
  softmax: unary((x) => nn.softmax(x, -1), [301, 17]),
  logSoftmax: unary((x) => nn.logSoftmax(x, -1), [301, 17]),
  elementwise: unary((x) => np.exp(np.sin(x)).mul(3), [10_007]),
  sort: unary((x) => np.sort(x), [1009]),
  "random bits": (seed) => [random.bits(random.key(seed), [4099])],
  "gradient of a network": (seed) => {
    const layers = { first: normal(seed, [61, 33]), second: normal(seed + 1, [33, 7]), bias: normal(seed + 2, [7]) };
    return mlpGradient(layers, normal(seed + 3, [45, 61]));
  },
};

const hashes = Object.fromEntries(Object.keys(kernels).map((name) => [name, createHash("sha256")]));
for (let round = 0; round < rounds; round++) {
  for (const [name, kernel] of Object.entries(kernels)) {
    for (const output of kernel(10 * round)) hashes[name]!.update(await output.data());
  }
}
const digests = Object.fromEntries(Object.entries(hashes).map(([name, hash]) => [name, hash.digest("hex")]));
// Reads need not be awaited.
const sum = np.arange(5).sum().dataSync()[0];
console.log(JSON.stringify({ helpers: started(), sum, digests, ...threadStatus() }));
// It ends here by itself: no thread keeps the program alive.

/** Counts the threads that are started from now on. */
function countThreads(): () => number {
  let count = 0;
  workerThreads.Worker = new Proxy(workerThreads.Worker, {
    construct(Thread, args: ConstructorParameters<typeof workerThreads.Worker>) {
      count++;
      return new Thread(...args);
    },
  });
  syncBuiltinESMExports();
  return () => count;
}
