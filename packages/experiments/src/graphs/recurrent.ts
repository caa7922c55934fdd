/**
 * Decoders that carry on what they have seen of a motion, from frame to frame.
 *
 * The recurrent one is that of neural relational inference: a gated recurrent unit (Cho et al., "Learning Phrase
 * Representations Using RNN Encoder-Decoder for Statistical Machine Translation", 2014) for every particle, between which
 * messages go. The joint one is its baseline, without a graph: a long short-term memory (Hochreiter, Schmidhuber, "Long
 * Short-Term Memory", 1997) that sees all particles at once.
 */

import { nn, numpy as np, tree } from "@jax-js/jax";
import type { Parameters } from "../nn/adam.ts";
import { type Dense, dense, initDense } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { product } from "../nn/parts.ts";
import { shapeOf } from "../nn/shapes.ts";
import type { Prediction } from "./decoder.ts";
import { gatesOf, initMessages, type MessageNetwork, SENDING, sumOfMessages } from "./messages.ts";
import type { ModelConfig } from "./model.ts";
import { endsOfPairs } from "./pairs.ts";
import { FEATURES } from "./systems.ts";

// One frame after the other -------------------------------------------------------------------------------------------

/** How a state goes on by a frame `[simulations, particles, features]`, and how the frame changes by that state. */
interface Recurrence<State extends Parameters | np.Array> {
  advance(state: State, frame: np.Array): State;
  differenceOf(state: State): np.Array;
}

/** From the first start to the last, with the state going on through all of them. */
function follow<State extends Parameters | np.Array>(
  { advance, differenceOf }: Recurrence<State>,
  first: State,
  { starts, steps, stepsOfLast = steps, before }: Omit<Prediction, "kinds">,
): np.Array[] {
  const [, count, particles, features] = shapeOf(starts, 4);
  let state = before ? framesOf(before, particles, features).reduce(advance, first) : first;
  const frames: np.Array[][] = Array.from({ length: steps }, () => []);
  for (let start = 0; start < count; start++) {
    let frame = starts.ref.slice([], start);
    const isLast = start === count - 1;
    for (let step = 0; step < (isLast ? stepsOfLast : steps); step++) {
      state = advance(state, frame.ref);
      frame = frame.add(differenceOf(tree.ref(state)).reshape([-1, particles, features]));
      frames[step]!.push(frame.ref);
    }
    frame.dispose();
  }
  starts.dispose();
  tree.dispose(state);
  return frames.map((step) => np.stack(step, 1));
}

/**
 * A state that has seen nothing, `[rows, width]`.
 *
 * Upstream: zeros inside of a jitted function that are multiplied with what is differentiated are never freed. So they are
 * computed.
 */
function nothingSeen(rows: number, width: number): np.Array {
  return np
    .arange(rows * width)
    .astype(np.float32)
    .mul(0)
    .reshape([rows, width]);
}

/** Paths as their frames, `[simulations, particles, features]` each. */
function framesOf(paths: np.Array, particles: number, features: number): np.Array[] {
  const frames = paths.reshape([-1, particles, paths.shape[1]! / features, features]);
  const all = Array.from({ length: frames.shape[2]! }, (_, frame) => frames.ref.slice([], [], frame));
  frames.dispose();
  return all;
}

/** What a gate makes of an input, with a bias, and of something else, without one. */
type Gate = { input: Dense; other: np.Array };

function initGate(key: np.Array, inputs: number, hidden: number): Gate {
  const [inputKey, otherKey] = splitKey(key, 2);
  const { weight, bias } = initDense(otherKey, hidden, hidden, "fan-in");
  bias.dispose();
  return { input: initDense(inputKey, inputs, hidden, "fan-in"), other: weight };
}

function gate({ input, other }: Gate, x: np.Array, y: np.Array): np.Array {
  return dense(input, x).add(product(y, other));
}

// Recurrent -----------------------------------------------------------------------------------------------------------

export type RecurrentDecoder = {
  /** A network for each kind of pair that sends messages, of the states of both ends. */
  messages: MessageNetwork[];
  reset: Gate;
  keep: Gate;
  candidate: Gate;
  output: { first: Dense; second: Dense; difference: Dense };
};

export function initRecurrentDecoder(key: np.Array, { system, hidden }: ModelConfig): RecurrentDecoder {
  const [reset, keep, candidate, first, second, difference, ...rest] = splitKey<number>(
    key,
    6 + 2 * SENDING[system].length,
  ) as [np.Array, np.Array, np.Array, np.Array, np.Array, np.Array, ...np.Array[]];
  const features = FEATURES[system];
  return {
    messages: initMessages(rest, 2 * hidden, hidden),
    reset: initGate(reset, features, hidden),
    keep: initGate(keep, features, hidden),
    candidate: initGate(candidate, features, hidden),
    output: {
      first: initDense(first, hidden, hidden, "fan-in"),
      second: initDense(second, hidden, hidden, "fan-in"),
      difference: initDense(difference, hidden, features, "fan-in"),
    },
  };
}

/** @returns for each step what is of the shape of `starts` */
export function decodeByStates(
  decoder: RecurrentDecoder,
  { system, hidden }: ModelConfig,
  { kinds, ...rest }: Prediction,
): np.Array[] {
  const [simulations, , particles] = shapeOf(rest.starts, 4);
  const { messages, reset, keep, candidate, output } = decoder;
  const gates = gatesOf(kinds, system, particles);
  const ends = endsOfPairs(particles);
  const meanOfMessages = (state: np.Array) => {
    const states = state.reshape([simulations, particles, hidden]);
    return sumOfMessages(tree.ref(messages), tree.ref(gates), ends.ref, states, np.tanh).div(particles - 1);
  };
  const recurrence: Recurrence<np.Array> = {
    advance(state, frame) {
      const x = frame.reshape([simulations * particles, -1]);
      const received = meanOfMessages(state.ref);
      const kept = nn.sigmoid(gate(tree.ref(keep), x.ref, received.ref));
      const open = nn.sigmoid(gate(tree.ref(reset), x.ref, received.ref));
      const { input, other } = tree.ref(candidate);
      const proposed = np.tanh(dense(input, x).add(open.mul(product(received, other))));
      return kept.ref.mul(state).add(np.subtract(1, kept).mul(proposed));
    },
    differenceOf(state) {
      const { first, second, difference } = tree.ref(output);
      return dense(difference, nn.relu(dense(second, nn.relu(dense(first, state)))));
    },
  };
  return follow(recurrence, nothingSeen(simulations * particles, hidden), rest);
}

// Joint ---------------------------------------------------------------------------------------------------------------

export type JointDecoder = {
  first: Dense;
  second: Dense;
  gates: { input: Gate; forget: Gate; output: Gate; candidate: Gate };
  third: Dense;
  difference: Dense;
};

export function initJointDecoder(key: np.Array, { system, particles, hidden }: ModelConfig): JointDecoder {
  const [first, second, third, difference, ...rest] = splitKey(key, 8);
  const [input, forget, output, candidate] = rest;
  const features = particles * FEATURES[system];
  return {
    first: initDense(first, features, hidden, "fan-in"),
    second: initDense(second, hidden, hidden, "fan-in"),
    gates: {
      input: initGate(input, hidden, hidden),
      forget: initGate(forget, hidden, hidden),
      output: initGate(output, hidden, hidden),
      candidate: initGate(candidate, hidden, hidden),
    },
    third: initDense(third, hidden, hidden, "fan-in"),
    difference: initDense(difference, hidden, features, "fan-in"),
  };
}

/** @returns for each step what is of the shape of `starts` */
export function decodeJointly(
  { first, second, gates, third, difference }: JointDecoder,
  { hidden }: ModelConfig,
  { kinds, ...rest }: Prediction,
): np.Array[] {
  kinds.dispose();
  const simulations = rest.starts.shape[0]!;
  const recurrence: Recurrence<{ hidden: np.Array; cell: np.Array }> = {
    advance({ hidden, cell }, frame) {
      const seen = nn.relu(dense(tree.ref(first), frame.reshape([simulations, -1])));
      const x = nn.relu(dense(tree.ref(second), seen));
      const by = (name: keyof JointDecoder["gates"]) => gate(tree.ref(gates[name]), x.ref, hidden.ref);
      const added = nn.sigmoid(by("input")).mul(np.tanh(by("candidate")));
      const next = nn.sigmoid(by("forget")).mul(cell).add(added);
      return { hidden: nn.sigmoid(by("output")).mul(np.tanh(next.ref)), cell: next };
    },
    differenceOf({ hidden, cell }) {
      cell.dispose();
      return dense(tree.ref(difference), nn.relu(dense(tree.ref(third), hidden)));
    },
  };
  const nothing = () => nothingSeen(simulations, hidden);
  return follow(recurrence, { hidden: nothing(), cell: nothing() }, rest);
}
