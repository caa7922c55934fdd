/** The VAE in TensorFlow.js on its wasm backend, with SIMD. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { serveTraining } from "./serve.ts";
import { BATCH, CLASSES, DECODER, digitBatches, ENCODER, LEARNING_RATE, PIXELS, VARIABLES } from "./task.ts";

type Layer = { weight: tf.Variable; bias: tf.Variable };

const packageJson = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
setWasmPaths(join(dirname(packageJson), "wasm-out/"));
await tf.setBackend("wasm");
await tf.ready();

const encoder = layers(ENCODER);
const decoder = layers(DECODER);
const optimizer = tf.train.adam(LEARNING_RATE);
const nextBatch = await digitBatches(BATCH);

await serveTraining(async () => {
  const images = tf.tensor2d(nextBatch(), [BATCH, PIXELS]);
  const loss = optimizer.minimize(() => tf.tidy(() => negativeBound(images)), true)!;
  const [value] = await loss.data();
  tf.dispose([images, loss]);
  return value!;
});

function layers(sizes: number[]): Layer[] {
  return sizes.slice(1).map((outputs, i) => {
    const range = 1 / Math.sqrt(sizes[i]!);
    return {
      weight: tf.variable(tf.randomUniform([sizes[i]!, outputs], -range, range)),
      bias: tf.variable(tf.zeros([outputs])),
    };
  });
}

function negativeBound(images: tf.Tensor2D): tf.Scalar {
  const logits = tf.relu(multilayer(encoder, images)).reshape([BATCH, VARIABLES, CLASSES]);
  const noise = tf.neg(tf.log(tf.neg(tf.log(tf.randomUniform(logits.shape, 1e-7, 1 - 1e-7)))));
  const choices = tf.softmax(logits.add(noise));
  const output = multilayer(decoder, choices.reshape([BATCH, VARIABLES * CLASSES]));
  const reconstruction = tf.softplus(output).sub(output.mul(images)).sum();
  const logP = tf.logSoftmax(logits);
  const divergence = tf
    .exp(logP)
    .mul(logP.add(Math.log(CLASSES)))
    .sum();
  return reconstruction.add(divergence).div(BATCH);
}

function multilayer(layers: Layer[], input: tf.Tensor2D): tf.Tensor2D {
  return layers.reduce<tf.Tensor2D>(
    (x, { weight, bias }, i) =>
      tf.matMul<tf.Tensor2D>(i === 0 ? x : tf.relu(x), weight as unknown as tf.Tensor2D).add(bias),
    input,
  );
}
