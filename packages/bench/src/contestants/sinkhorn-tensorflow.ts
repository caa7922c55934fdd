/** Gumbel-Sinkhorn forward and backward in TensorFlow.js on its wasm backend, with SIMD. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { readOptions, serveCall } from "./serve.ts";
import type { SinkhornTask } from "./sinkhorn.ts";

const packageJson = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
setWasmPaths(join(dirname(packageJson), "wasm-out/"));
await tf.setBackend("wasm");
await tf.ready();

const { batch, n, iterations, temperature } = readOptions<SinkhornTask>();
const shape: [number, number, number] = [batch, n, n];
const logits = tf.randomNormal<tf.Rank.R3>(shape, 0, 3);
const cotangent = tf.randomNormal<tf.Rank.R3>(shape);
const gradient = tf.grad((l) => plan(l).mul(cotangent).sum());

await serveCall(async () => {
  const result = tf.tidy(() => gradient(logits));
  await result.data();
  result.dispose();
});

function plan(l: tf.Tensor): tf.Tensor {
  const noise = tf.neg(tf.log(tf.neg(tf.log(tf.randomUniform(shape, 1e-7, 1 - 1e-7)))));
  let x = l.add(noise).div(temperature);
  for (let i = 0; i < iterations; i++) {
    x = x.sub(tf.logSumExp(x, -1, true));
    x = x.sub(tf.logSumExp(x, 1, true));
  }
  return x.exp();
}
