/**
 * The two networks of neural relational inference: one tells from paths who acts on whom, the other moves particles
 * by that.
 */

import { nn, numpy as np, random, tree } from "@jax-js/jax";
import { type BatchNorm, type BatchStatistics, batchNorm, batchNormTraining, initBatchNorm } from "../nn/batch-norm.ts";
import { materialize } from "../nn/convolution.ts";
import { type Dense, dense, initDense, initLayer } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { product } from "../nn/parts.ts";
import { shapeOf } from "../nn/shapes.ts";
import { SEEN_FRAMES } from "./motion.ts";
import { FEATURES, type System } from "./simulator.ts";

/** Kinds that a pair of particles may be of. */
export const KINDS = 2;

export type Model = { encoder?: Encoder; decoder: Decoder };

export interface ModelConfig {
  readonly system: System;
  readonly hidden: number;
  readonly normalization: boolean;
}

// Pairs ---------------------------------------------------------------------------------------------------------------

/**
 * What both ends of every ordered pair have, the sender first: `[rows, particles, width]` to
 * `[rows * pairs, 2 * width]`. Pairs go by their receiver, and for one receiver by their sender.
 *
 * A product with rows that have a single 1, so that the gradient is a product too.
 *
 * Upstream: the gradient of a lookup is scattered number by number.
 *
 * @param ends as `endsOfPairs` gives them
 */
function atEnds(ends: np.Array, x: np.Array): np.Array {
  const [rows, particles, width] = shapeOf(x, 3);
  const columns = np.transpose(x, [0, 2, 1]).reshape([rows, 1, width, particles]);
  return np.vecdot(columns, ends).reshape([-1, 2 * width]);
}

/**
 * For every ordered pair a row with a 1 at its sender, and one with a 1 at its receiver: `[2 * pairs, 1, particles]`.
 *
 * Upstream: such rows as an array that is made on the host, inside of a jitted function, are never freed, since they
 * are multiplied with what is differentiated. So they are computed.
 */
function endsOfPairs(particles: number): np.Array {
  const count = (length: number) => np.arange(length).astype(np.float32);
  const receiver = count(particles).reshape([particles, 1, 1]);
  const other = count(particles - 1).reshape([1, particles - 1, 1]);
  const sender = other.ref.add(other.greaterEqual(receiver.ref).astype(np.float32));
  const ends = np.stack([sender, np.broadcastTo(receiver, sender.shape)], 2);
  return materialize(ends.equal(count(particles)).astype(np.float32).reshape([-1, 1, particles]));
}

// Encoder -------------------------------------------------------------------------------------------------------------

/** Two layers with ELU, and batch normalization behind them. */
type Block = { first: Dense; second: Dense; norm?: BatchNorm };

type Encoder = {
  particles: Block;
  pairs: Block;
  gathered: Block;
  together: Block;
  /** Of the first layer of `together`, for what `pairs` gave. */
  skip: np.Array;
  kinds: Dense;
};

type BlockName = "particles" | "pairs" | "gathered" | "together";

/** Of each block. */
export type EncoderStatistics = { [Name in BlockName]: BatchStatistics };

/** Normalizes what a block gives. */
export type Normalize = (block: BlockName, layer: BatchNorm, x: np.Array) => np.Array;

/** As in the published code: Glorot's normal weights, and biases of 0.1. */
function initGlorot(key: np.Array, inputs: number, outputs: number, allInputs = inputs): Dense {
  return {
    weight: random.normal(key, [outputs, inputs]).mul(Math.sqrt(2 / (allInputs + outputs))),
    bias: np.full([outputs], 0.1),
  };
}

function initBlock(key: np.Array, inputs: number, { hidden, normalization }: ModelConfig, allInputs = inputs): Block {
  const [first, second] = splitKey(key, 2);
  const block: Block = {
    first: initGlorot(first, inputs, hidden, allInputs),
    second: initGlorot(second, hidden, hidden),
  };
  if (normalization) {
    const { layer, statistics } = initBatchNorm(hidden);
    block.norm = layer;
    tree.dispose(statistics);
  }
  return block;
}

/** @param key PRNG key, consumed */
export function initEncoder(key: np.Array, config: ModelConfig): Encoder {
  const { hidden } = config;
  const [particles, pairs, gathered, together, skip, kinds] = splitKey(key, 6);
  const { weight, bias } = initGlorot(skip, hidden, hidden, 3 * hidden);
  bias.dispose();
  return {
    particles: initBlock(particles, SEEN_FRAMES * FEATURES, config),
    pairs: initBlock(pairs, 2 * hidden, config),
    gathered: initBlock(gathered, hidden, config),
    together: initBlock(together, 2 * hidden, config, 3 * hidden),
    skip: weight,
    kinds: initGlorot(kinds, hidden, KINDS),
  };
}

/**
 * Paths `[simulations * particles, 49 * 4]` to the logits of the kinds of every ordered pair,
 * `[simulations, pairs, 2]`: what particles have becomes what pairs have, that becomes what particles receive, and that
 * what pairs have again.
 */
export function encode(encoder: Encoder, paths: np.Array, particles: number, normalize: Normalize): np.Array {
  const width = encoder.skip.shape[0]!;
  const rows = paths.shape[0]! / particles;
  const ends = endsOfPairs(particles);
  const shared = (x: np.Array) => atEnds(ends.ref, x.reshape([rows, particles, width]));
  const own = applyBlock("particles", encoder.particles, paths, normalize);
  const pairs = applyBlock("pairs", encoder.pairs, shared(own), normalize);
  const received = pairs.ref
    .reshape([rows, particles, particles - 1, width])
    .sum(2)
    .div(particles);
  const gathered = applyBlock("gathered", encoder.gathered, received.reshape([-1, width]), normalize);
  const skipped = product(pairs, encoder.skip);
  const together = applyBlock("together", encoder.together, shared(gathered), normalize, skipped);
  return dense(encoder.kinds, together).reshape([rows, -1, KINDS]);
}

/** @param more what is added to the first layer */
function applyBlock(
  name: BlockName,
  { first, second, norm }: Block,
  x: np.Array,
  normalize: Normalize,
  more?: np.Array,
) {
  const linear = dense(first, x);
  const between = elu(more ? linear.add(more) : linear);
  const given = elu(dense(second, between));
  return norm ? normalize(name, norm, given) : given;
}

/**
 * `x` above 0 and `exp(x) - 1` below, without an overflow in the part that is not taken, whose gradient would be no
 * number.
 */
function elu(x: np.Array): np.Array {
  return np.maximum(x.ref, 0).add(np.exp(np.minimum(x, 0)).sub(1));
}

export function initStatistics({ hidden }: ModelConfig): EncoderStatistics {
  const one = () => {
    const { layer, statistics } = initBatchNorm(hidden);
    tree.dispose(layer);
    return statistics;
  };
  return { particles: one(), pairs: one(), gathered: one(), together: one() };
}

/** By the batch, whose statistics move the running ones: those are in `next` when all blocks are through. */
export function byBatch(running: EncoderStatistics): { normalize: Normalize; next: EncoderStatistics } {
  const next = { ...running };
  const normalize: Normalize = (block, layer, x) => {
    const { normalized, statistics } = batchNormTraining(layer, running[block], x);
    next[block] = statistics;
    return normalized;
  };
  return { normalize, next };
}

/** By the running statistics; without them, there are no layers that ask. */
export function byRunning(running: EncoderStatistics | undefined): Normalize {
  return (block, layer, x) => batchNorm(layer, running![block], x);
}

// Decoder -------------------------------------------------------------------------------------------------------------

export type Decoder = {
  /** A network for each kind of pair that sends messages. */
  messages: { first: Dense; second: Dense }[];
  update: { own: np.Array; received: Dense; second: Dense; difference: Dense };
};

/**
 * The kinds that send messages. A pair without a spring sends none, so the two kinds cannot change places; of charges
 * both kinds act, and which of them is which is the model's choice.
 */
const SENDING: Readonly<Record<System, readonly number[]>> = { springs: [1], charges: [0, 1] };

/** As PyTorch's linear layers begin, as in the published code. */
export function initDecoder(key: np.Array, { system, hidden }: ModelConfig): Decoder {
  const [own, received, second, difference, ...rest] = splitKey<number>(key, 4 + 2 * SENDING[system].length) as [
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    ...np.Array[],
  ];
  const inputs = FEATURES + hidden;
  const { weight, bias } = initLayer(own, [hidden, FEATURES], inputs, hidden, "fan-in");
  bias.dispose();
  return {
    messages: SENDING[system].map((_, i) => ({
      first: initDense(rest[2 * i]!, 2 * FEATURES, hidden, "fan-in"),
      second: initDense(rest[2 * i + 1]!, hidden, hidden, "fan-in"),
    })),
    update: {
      own: weight,
      received: initLayer(received, [hidden, hidden], inputs, hidden, "fan-in"),
      second: initDense(second, hidden, hidden, "fan-in"),
      difference: initDense(difference, hidden, FEATURES, "fan-in"),
    },
  };
}

/**
 * So many frames after those given, each from the one before.
 *
 * @param kinds relaxed or exact, `[simulations, pairs, 2]`
 * @param starts `[simulations, starts, particles, 4]`
 * @returns each of the shape of `starts`
 */
export function decode(decoder: Decoder, kinds: np.Array, starts: np.Array, system: System, steps: number): np.Array[] {
  const [simulations, count, particles] = shapeOf(starts, 4);
  const gates = SENDING[system].map((kind) => {
    const isKind = np.arange(KINDS).equal(kind).astype(np.float32);
    const gate = np.vecdot(kinds.ref, isKind).reshape([simulations, 1, particles, particles - 1, 1]);
    return np.broadcastTo(gate, [simulations, count, particles, particles - 1, 1]);
  });
  const ends = endsOfPairs(particles);
  const frames: np.Array[] = [];
  let frame = starts;
  for (let step = 0; step < steps; step++) {
    frame = nextFrame(tree.ref(decoder), ends.ref, gates, frame.ref);
    frames.push(frame);
  }
  return frames;
}

/** What every particle has, moved by what it has and by the sum of the messages that it receives. */
function nextFrame({ messages, update }: Decoder, ends: np.Array, gates: readonly np.Array[], frame: np.Array) {
  const [simulations, count, particles] = shapeOf(frame, 4);
  const rows = simulations * count;
  const pairs = atEnds(ends, frame.ref.reshape([rows, particles, FEATURES]));
  const received = messages
    .map((network, i) => sumOfMessages(network, gates[i]!.ref, pairs.ref))
    .reduce((sum, more) => sum.add(more));
  const own = product(frame.ref.reshape([-1, FEATURES]), update.own);
  const first = nn.relu(own.add(dense(update.received, received)));
  const difference = dense(update.difference, nn.relu(dense(update.second, first)));
  return frame.add(difference.reshape(frame.shape));
}

/** @param gate `[simulations, starts, particles, particles - 1, 1]` */
function sumOfMessages({ first, second }: Decoder["messages"][number], gate: np.Array, pairs: np.Array): np.Array {
  const [simulations, count, particles, others] = shapeOf(gate, 5);
  const width = second.bias.shape[0]!;
  const linear = dense(second, nn.relu(dense(first, pairs)));
  const messages = nn.relu(linear).reshape([simulations, count, particles, others, width]);
  return messages.mul(gate).sum(3).reshape([-1, width]);
}
