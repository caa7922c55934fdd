/**
 * Sequences without replacement: the k with the largest perturbed log-probabilities among all leaves of a tree that is too large to be
 * listed, found from the root down. A child is perturbed given that the largest of its siblings is as large as its parent, so at every
 * depth the k largest are those of all prefixes of that length.
 *
 * Kool, van Hoof, Welling, "Stochastic Beams and Where to Find Them: The Gumbel-Top-k Trick for Sampling Sequences Without
 * Replacement", 2019.
 */

import { jit, lax, numpy as np, random, tree } from "@jax-js/jax";
import { checkCount, checkFloat, checkKey, describe, isArray, isTraced, kindOf } from "../checks.ts";
import { below } from "../given.ts";
import { canTake } from "../lawful.ts";
import { gumbel } from "../noise.ts";
import { finite, LOWEST, logSoftmax } from "../numerics.ts";
import { checkOptions } from "../options.ts";
import { column } from "../rows.ts";
import { entriesAt, indicesOfLargest } from "./top.ts";

/** What a model knows of each of k prefixes: any nesting of plain objects and lists with arrays `[k, ...]` at the leaves. */
export type BeamState = np.Array | { [name: string]: BeamState } | BeamState[];

/** What a step may ask about the prefixes, beside what is in its state. */
export interface BeamPrefixes {
  /** How many choices each has, from 0. */
  readonly position: number;
  /** All choices so far, int32 `[k, length]`, with -1 where there is none yet; whoever asks for them consumes them. */
  choices(): np.Array;
}

/**
 * The choices after k prefixes.
 *
 * @param state of the prefixes without their last choice, consumed
 * @param last the last choice of each, int32 `[k]`, consumed
 * @param prefixes for models that look at more than their state
 * @returns logits `[k, n]` of the next choice, and the state of the prefixes with their last choice
 */
export type BeamStep<State extends BeamState> = (
  state: State,
  last: np.Array,
  prefixes: BeamPrefixes,
) => { logits: np.Array; state: State };

export interface BeamOptions {
  /** How many choices a sequence has. */
  length: number;
  /** What `step` is told as the last choice when there is none yet, an int32 of 0 or more; default 0. */
  first?: number | undefined;
}

/** k sequences, the one with the largest perturbed log-probability first. */
export type Beam<State extends BeamState> = {
  /** int32 `[k, length]`; -1 where there are fewer than k sequences. */
  choices: np.Array;
  /** Log-probability of each, `[k]`; -Infinity where there are fewer. */
  logProb: np.Array;
  /** The same plus Gumbel noise, `[k]`: in descending order. */
  perturbed: np.Array;
  /** After the last call of `step`: without the last choice. */
  state: State;
};

/**
 * k sequences without replacement, exactly: what `sampleOrdered` draws from the log-probabilities of all sequences, of which it
 * looks at k times n at a time.
 *
 * The first is a draw from the model. Together they are draws of Plackett-Luce: each in proportion to its probability among what is
 * left. Their perturbed log-probabilities are the k largest of all sequences', so that of one more sequence is a threshold kappa, and
 * `f(sequence) p / (1 - exp(-exp(log p - kappa)))`, summed over the others, is an unbiased estimate of the mean of f.
 *
 * A sequence that ends early goes on with a choice that alone is possible: logits of 0 there, and of -Infinity elsewhere. A prefix
 * whose logits are all -Infinity is a dead end: no sequence comes of it, and its probability is lost. Equal prefixes are one. Logits
 * of NaN or Infinity give NaN, and choices of -1. No gradient: the log-probability of a sequence that was drawn is the model's to
 * compute. Works eagerly, where all positions share what is compiled, and `step` may be jitted; and under `jit`, as a loop of
 * `length` steps that is written out, and compiled as a whole.
 *
 * @param key PRNG key, consumed
 * @param step the model
 * @param start its state before the first choice, with arrays `[k, ...]`, consumed
 * @param k a positive whole number
 * @param options.length a positive whole number
 * @param options.first a whole number, up to 2^31 - 1; default 0
 * @throws TypeError for arguments of another type, RangeError for sizes that do not fit
 *
 * Kool, van Hoof, Welling, "Stochastic Beams and Where to Find Them", 2019.
 *
 * @example
 * const { choices } = subset.stochasticBeamSearch(random.key(0), step, start, 4, { length: 3 });
 */
export function stochasticBeamSearch<State extends BeamState>(
  key: np.Array,
  step: BeamStep<State>,
  start: State,
  k: number,
  options: BeamOptions,
): Beam<State> {
  const { length, first } = checkBeam(key, step, start, k, options);
  let { next, beam, last, choices, filled } = rootKernel(key, k, length, first);
  let state = start;
  for (let position = 0; position < length; position++) {
    const after = step(state, last, { position, choices: () => choices.ref });
    checkStep(after, k);
    const level = levelKernel(next, lax.stopGradient(after.logits), beam, choices, filled);
    state = tree.map((x: np.Array) => rowsKernel(lax.stopGradient(x), level.parents.ref), after.state) as State;
    if (position === 0) for (const x of [level.choices, ...tree.leaves(state)]) computeNow(x as np.Array);
    level.parents.dispose();
    ({ next, beam, choices, filled, last } = level);
  }
  tree.dispose([next, last, filled]);
  return { ...finishKernel(choices, beam), state };
}

/**
 * Has the kernels of an array compiled, and run, before others wait for them.
 *
 * Upstream: on WebAssembly a kernel that is being compiled asynchronously is compiled once more for every use that is waiting.
 */
function computeNow(x: np.Array): void {
  if (!isTraced(x) && x.device === "wasm") x.ref.dataSync();
}

/** Of each prefix in the beam, `[k]`; and whether all logits so far have had a law, a scalar of 1 or 0. */
type Level = { logProb: np.Array; perturbed: np.Array; isLawful: np.Array };

/** The empty prefix, and no other. */
const rootKernel = jit(
  function root(key: np.Array, k: number, length: number, first: number) {
    const [noiseKey, next] = random.split(key) as unknown as [np.Array, np.Array];
    const isRoot = np.arange(k).equal(0);
    const perturbed = np.where(isRoot.ref, gumbel(noiseKey, []), LOWEST);
    const beam: Level = { logProb: np.where(isRoot, 0, LOWEST), perturbed, isLawful: np.ones([]) };
    const last = np.full([k], first, { dtype: np.int32 });
    const choices = np.full([k, length], -1, { dtype: np.int32 });
    return { next, beam, last, choices, filled: np.zeros([], { dtype: np.int32 }) };
  },
  { staticArgnums: [1, 2, 3] },
);

/**
 * The children with the largest perturbed log-probabilities, where they come from, and which choice leads to them.
 *
 * @param choices `[k, length]`, of which the first are filled: so all positions have one shape, and are compiled once
 */
const levelKernel = jit(function level(
  key: np.Array,
  logits: np.Array,
  beam: Level,
  choices: np.Array,
  filled: np.Array,
) {
  const [k, n] = logits.shape as [number, number];
  const [forLargest, forOthers, next] = random.split(key, 3) as unknown as [np.Array, np.Array, np.Array];
  const isAlive = column(beam.perturbed.ref.greater(LOWEST));
  const isPossible = logits.ref.greater(LOWEST).mul(isAlive.ref);
  const hasLaw = np.where(isAlive, canTake(logits.ref, 0), true);
  const logProb = column(beam.logProb).add(logSoftmax(finite(logits)));
  // Which child is as large as its parent is a draw by itself; the others have noise of their own, cut off there.
  const largest = np.argmax(logProb.ref.add(gumbel(forLargest, [k, n])), -1, { keepdims: true });
  const others = below(column(beam.perturbed.ref), logProb.ref.add(gumbel(forOthers, [k, n])));
  const isLargest = np.arange(n).equal(largest);
  const perturbed = np.where(isPossible, np.where(isLargest, column(beam.perturbed), others), LOWEST).reshape([k * n]);
  const indices = indicesOfLargest(perturbed.ref, k);
  const place = (from: (i: number) => number) =>
    entriesAt(np.array(Int32Array.from({ length: k * n }, (_, i) => from(i))), indices.ref);
  const parents = place((i) => Math.floor(i / n));
  const last = place((i) => i % n);
  const isNext = np.arange(choices.shape[1]!).equal(filled.ref);
  return {
    next,
    beam: {
      logProb: entriesAt(logProb.reshape([k * n]), indices.ref),
      perturbed: entriesAt(perturbed, indices),
      isLawful: beam.isLawful.mul(np.min(hasLaw.astype(np.float32))),
    },
    choices: np.where(isNext, column(last.ref), np.take(choices, parents.ref, 0)),
    filled: filled.add(np.array(1, { dtype: np.int32 })),
    last,
    parents,
  };
});

const rowsKernel = jit(function rows(x: np.Array, indices: np.Array) {
  return np.take(x, indices, 0);
});

/** What is not in the beam, and what came of logits without a law, told apart from what is. */
const finishKernel = jit(function finish(choices: np.Array, { logProb, perturbed, isLawful }: Level) {
  const isThere = perturbed.ref.greater(LOWEST);
  const isSound = isLawful.greater(0);
  const number = (x: np.Array) => np.where(isSound.ref, np.where(isThere.ref, x, Number.NEGATIVE_INFINITY), Number.NaN);
  const none = np.array(-1, { dtype: np.int32, device: choices.device });
  const isChosen = column(isThere.ref.mul(isSound.ref));
  const result = {
    choices: np.where(isChosen, choices, none),
    logProb: number(logProb),
    perturbed: number(perturbed),
  };
  isThere.dispose();
  isSound.dispose();
  return result;
});

const WHERE = "subset.stochasticBeamSearch";
const BEAM = ["length", "first"];
const LARGEST_INT32 = 2 ** 31 - 1;

function checkBeam(key: np.Array, step: unknown, start: BeamState, k: number, options: BeamOptions) {
  checkKey(WHERE, key);
  if (typeof step !== "function") throw new TypeError(`${WHERE}: step must be a function, got ${kindOf(step)}.`);
  checkCount(WHERE, "k", k, 1);
  checkState("start", start, k);
  checkOptions(WHERE, options, BEAM, "{ length: 10 }");
  const { length, first = 0 } = options;
  checkCount(WHERE, "length", length, 1);
  checkCount(WHERE, "first", first, 0, LARGEST_INT32);
  return { length, first };
}

function checkStep(after: { logits: np.Array; state: BeamState }, k: number): void {
  if (typeof after !== "object" || after === null || !("logits" in after) || !("state" in after)) {
    throw new TypeError(`${WHERE}: step must return { logits, state }, got ${kindOf(after)}.`);
  }
  checkFloat(WHERE, "the logits of step", after.logits, 1);
  if (after.logits.ndim !== 2 || after.logits.shape[0] !== k || after.logits.shape[1] === 0) {
    throw new RangeError(`${WHERE}: step must return logits [${k}, n], got ${describe(after.logits)}.`);
  }
  checkState("the state of step", after.state, k);
}

function checkState(name: string, state: BeamState, k: number): void {
  for (const x of tree.leaves(state) as np.Array[]) {
    if (isArray(x) && x.shape[0] === k) continue;
    throw new RangeError(`${WHERE}: ${name} must have arrays with ${k} prefixes, [${k}, ...], got ${kindOf(x)}.`);
  }
}
