/**
 * The network that moves particles by who acts on whom: that of the tutorial, which knows one frame, and in recurrent.ts
 * two that carry on what they have seen.
 */

import { nn, numpy as np, tree } from "@jax-js/jax";
import { type Dense, dense, initDense, initLayer } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { product } from "../nn/parts.ts";
import { shapeOf } from "../nn/shapes.ts";
import { gatesOf, initMessages, type MessageNetwork, SENDING, sumOfMessages } from "./messages.ts";
import type { ModelConfig } from "./model.ts";
import { endsOfPairs } from "./pairs.ts";
import { FEATURES } from "./systems.ts";

export type MlpDecoder = {
  /** A network for each kind of pair that sends messages. */
  messages: MessageNetwork[];
  update: { own: np.Array; received: Dense; second: Dense; difference: Dense };
};

/** As PyTorch's linear layers begin, as in the published code. */
export function initMlpDecoder(key: np.Array, { system, hidden }: ModelConfig): MlpDecoder {
  const [own, received, second, difference, ...rest] = splitKey<number>(key, 4 + 2 * SENDING[system].length) as [
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    ...np.Array[],
  ];
  const features = FEATURES[system];
  const inputs = features + hidden;
  const { weight, bias } = initLayer(own, [hidden, features], inputs, hidden, "fan-in");
  bias.dispose();
  return {
    messages: initMessages(rest, 2 * features, hidden),
    update: {
      own: weight,
      received: initLayer(received, [hidden, hidden], inputs, hidden, "fan-in"),
      second: initDense(second, hidden, hidden, "fan-in"),
      difference: initDense(difference, hidden, features, "fan-in"),
    },
  };
}

/** What a decoder is to predict: so many frames after those given, each from the one before. */
export interface Prediction {
  /** Relaxed or exact, `[simulations, pairs, 2]`. */
  readonly kinds: np.Array;
  /** `[simulations, starts, particles, features]`. */
  readonly starts: np.Array;
  readonly steps: number;
  /** How many are predicted from the last start, if fewer, but at least one. */
  readonly stepsOfLast?: number;
  /**
   * What was before the first start, for a decoder that carries it on: `[simulations * particles, frames * features]`.
   * Absent where the first start is the first frame.
   */
  readonly before?: np.Array;
}

/** @returns for each step what is of the shape of `starts`, without the last start where nothing more is predicted from it */
export function decodeByMlp(decoder: MlpDecoder, { system }: ModelConfig, prediction: Prediction): np.Array[] {
  const { kinds, starts, steps, stepsOfLast = steps, before } = prediction;
  before?.dispose();
  const [simulations, count, particles] = shapeOf(starts, 4);
  const gates = gatesOf(kinds, system, particles).map((gate) =>
    gate.reshape([simulations, 1, particles, particles - 1]),
  );
  const gatesFor = (starts: number) =>
    gates.map((gate) =>
      np.broadcastTo(gate.ref, [simulations, starts, particles, particles - 1]).reshape([-1, particles, particles - 1]),
    );
  const ends = endsOfPairs(particles);
  const frames: np.Array[] = [];
  let frame = starts;
  for (let step = 0; step < steps; step++) {
    if (step === stepsOfLast) frame = frame.slice([], [0, count - 1]);
    frame = nextFrame(tree.ref(decoder), ends.ref, gatesFor(frame.shape[1]!), frame);
    frames.push(frame.ref);
  }
  frame.dispose();
  return frames;
}

/** What every particle has, moved by what it has and by the sum of the messages that it receives. */
function nextFrame({ messages, update }: MlpDecoder, ends: np.Array, gates: np.Array[], frame: np.Array) {
  const [simulations, count, particles, features] = shapeOf(frame, 4);
  const particlesInRows = frame.ref.reshape([simulations * count, particles, features]);
  const received = sumOfMessages(messages, gates, ends, particlesInRows, nn.relu);
  const own = product(frame.ref.reshape([-1, features]), update.own);
  const first = nn.relu(own.add(dense(update.received, received)));
  const difference = dense(update.difference, nn.relu(dense(update.second, first)));
  return frame.add(difference.reshape(frame.shape));
}
