/** The model straight on the engine, with what the engine brings along: what a step costs without the library and the lab. */

import { nn, numpy as np, random } from "@jax-js/jax";
import { CLASSES, ENCODER, LAYERS, LEARNING_RATE, VARIABLES } from "./task.ts";

/** Weight `[outputs, inputs]` and bias of every layer, one after the other: encoder, then decoder. */
export type Parameters = np.Array[];

/** Arrays of a layer. */
const PER_LAYER = 2;
const ENCODER_ARRAYS = PER_LAYER * (ENCODER.length - 1);

export function initParameters(): Parameters {
  return LAYERS.flatMap(([outputs, inputs], i) => {
    const range = { minval: -1 / Math.sqrt(inputs), maxval: 1 / Math.sqrt(inputs) };
    return [random.uniform(random.key(i), [outputs, inputs], range), np.zeros([outputs])];
  });
}

/** Minus the evidence lower bound with relaxed choices, in nats an image. Consumes everything. */
export function loss(parameters: Parameters, images: np.Array, key: np.Array): np.Array {
  const [batch] = images.shape as [number, number];
  const hidden = multilayer(parameters.slice(0, ENCODER_ARRAYS), images.ref);
  const logits = nn.relu(hidden).reshape([batch, VARIABLES, CLASSES]);
  // Away from 0 and 1, where the noise is infinite.
  const uniform = random.uniform(key, [batch, VARIABLES, CLASSES], { minval: 1e-7, maxval: 1 - 1e-7 });
  const noise = np.negative(np.log(np.negative(np.log(uniform))));
  const choices = nn.softmax(logits.ref.add(noise), -1);
  const output = multilayer(parameters.slice(ENCODER_ARRAYS), choices.reshape([batch, VARIABLES * CLASSES]));
  const logP = nn.logSoftmax(logits, -1);
  const divergence = np
    .exp(logP.ref)
    .mul(logP.add(Math.log(CLASSES)))
    .sum();
  return crossEntropy(output, images).sum().add(divergence).div(batch);
}

function multilayer(parameters: Parameters, input: np.Array): np.Array {
  let x = input;
  for (let i = 0; i < parameters.length; i += PER_LAYER) {
    const [batch, inputs] = x.shape as [number, number];
    const rows = (i === 0 ? x : nn.relu(x)).reshape([batch, 1, inputs]);
    x = np.vecdot(rows, parameters[i]!).add(parameters[i + 1]!);
  }
  return x;
}

/** `max(l, 0) - l x + log(1 + exp(-|l|))`. */
function crossEntropy(logits: np.Array, target: np.Array): np.Array {
  const tail = np.log(np.exp(np.negative(np.absolute(logits.ref))).add(1));
  return nn.relu(logits.ref).sub(logits.mul(target)).add(tail);
}

export type AdamState = { count: np.Array; mean: Parameters; square: Parameters };

export function initAdam(parameters: Parameters): AdamState {
  const zeros = () => parameters.map(({ shape }) => np.zeros(shape));
  return { count: np.array(0), mean: zeros(), square: zeros() };
}

/** One step of Adam. Consumes everything. */
export function adam(parameters: Parameters, gradients: Parameters, { count, mean, square }: AdamState) {
  const next = count.add(1);
  const root = np.sqrt(np.subtract(1, np.power(0.999, next.ref)));
  const rate = root.ref.mul(LEARNING_RATE).div(np.subtract(1, np.power(0.9, next.ref)));
  const floor = root.mul(1e-8);
  const means = mean.map((m, i) => m.mul(0.9).add(gradients[i]!.ref.mul(0.1)));
  const squares = square.map((v, i) => v.mul(0.999).add(np.square(gradients[i]!).mul(0.001)));
  const moved = parameters.map((p, i) =>
    p.sub(means[i]!.ref.mul(rate.ref).div(np.sqrt(squares[i]!.ref).add(floor.ref))),
  );
  rate.dispose();
  floor.dispose();
  return { parameters: moved, adam: { count: next, mean: means, square: squares } };
}
