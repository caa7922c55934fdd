/** Products of matrices and noise, by the engine's kernels or by those that take their place. */

import { setFlagsFromString } from "node:v8";
import { keepInstances } from "@softdraw/threads";
import type { ProductOfKernels } from "../benchmarks/kernels.ts";
import { readOptions, serveCall } from "./serve.ts";

const { isOurs, isFused, work } = readOptions<{
  isOurs: boolean;
  isFused: boolean;
  work: ProductOfKernels | "noise";
}>();
// Node.js 20 has fused products behind this; later ones do not know the flag any more.
if (isFused && process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
if (isOurs) keepInstances();
// Imported late: kernels of ours are put in place before.
const { blockUntilReady, jit, numpy: np } = await import("@jax-js/jax");
const { streamKey } = await import("@softdraw/experiments/nn/keys");
const { noise } = await import("softdraw");

type Array = ReturnType<typeof np.array>;

/** Numbers that are neither the same nor random. */
function matrix(rows: number, columns: number): Array {
  return np.array(
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
    { shape: [rows, columns] },
  );
}

function product({ rows, steps, columns, layout }: ProductOfKernels): () => Array {
  const a = layout === "left by columns" ? matrix(steps, rows) : matrix(rows, steps);
  const b = layout === "right by columns" ? matrix(columns, steps) : matrix(steps, columns);
  const dot = jit((x: Array, y: Array) =>
    np.dot(layout === "left by columns" ? x.transpose() : x, layout === "right by columns" ? y.transpose() : y),
  );
  return () => dot(a.ref, b.ref);
}

let calls = 0;
const call = work === "noise" ? () => noise.gumbel(streamKey(calls++, 0), [1_000_000]) : product(work);

await serveCall(async () => {
  const result = await blockUntilReady(call());
  result.dispose();
});
