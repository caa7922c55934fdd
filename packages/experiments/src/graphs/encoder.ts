/** The network that tells from paths who acts on whom. */

import { numpy as np, random, tree } from "@jax-js/jax";
import { type BatchNorm, type BatchStatistics, batchNorm, batchNormTraining, initBatchNorm } from "../nn/batch-norm.ts";
import { type Dense, dense } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { product } from "../nn/parts.ts";
import type { ModelConfig } from "./model.ts";
import { denseAtEnds, endsOfPairs } from "./pairs.ts";
import { FEATURES, SEEN_FRAMES } from "./systems.ts";

/** Kinds that a pair of particles may be of. */
export const KINDS = 2;

// Networks ------------------------------------------------------------------------------------------------------------

/** Two layers with ELU, and batch normalization behind them. */
type Block = { first: Dense; second: Dense; norm?: BatchNorm };

export type Encoder = {
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
  const { system, hidden } = config;
  const [particles, pairs, gathered, together, skip, kinds] = splitKey(key, 6);
  const { weight, bias } = initGlorot(skip, hidden, hidden, 3 * hidden);
  bias.dispose();
  return {
    particles: initBlock(particles, SEEN_FRAMES[system] * FEATURES[system], config),
    pairs: initBlock(pairs, 2 * hidden, config),
    gathered: initBlock(gathered, hidden, config),
    together: initBlock(together, 2 * hidden, config, 3 * hidden),
    skip: weight,
    kinds: initGlorot(kinds, hidden, KINDS),
  };
}

/**
 * Paths `[simulations * particles, seen frames * features]` to the logits of the kinds of every ordered pair,
 * `[simulations, pairs, 2]`: what particles have becomes what pairs have, that becomes what particles receive, and that
 * what pairs have again.
 */
export function encode(encoder: Encoder, paths: np.Array, particles: number, normalize: Normalize): np.Array {
  const width = encoder.skip.shape[0]!;
  const rows = paths.shape[0]! / particles;
  const ends = endsOfPairs(particles);
  const atEnds = (layer: Dense, x: np.Array) => denseAtEnds(layer, ends.ref, x.reshape([rows, particles, width]));
  const block = (name: BlockName, linear: np.Array) => applyBlock(name, encoder[name], linear, normalize);
  const own = block("particles", dense(encoder.particles.first, paths));
  const pairs = block("pairs", atEnds(encoder.pairs.first, own));
  const received = pairs.ref
    .reshape([rows, particles, particles - 1, width])
    .sum(2)
    .div(particles);
  const gathered = block("gathered", dense(encoder.gathered.first, received.reshape([-1, width])));
  const ofEnds = atEnds(encoder.together.first, gathered);
  const together = block("together", ofEnds.add(product(pairs, encoder.skip)));
  return dense(encoder.kinds, together).reshape([rows, -1, KINDS]);
}

/** @param linear what its first layer gives */
function applyBlock(name: BlockName, { second, norm }: Block, linear: np.Array, normalize: Normalize): np.Array {
  const given = elu(dense(second, elu(linear)));
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
