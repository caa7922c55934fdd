/** What a trained model says of particles that it is shown: which of them act on each other, and how they move on. */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { categorical } from "softdraw";
import { withArrays } from "../checkpoint/model.ts";
import type { Trained } from "../experiment.ts";
import { streamKey } from "../nn/keys.ts";
import { streams } from "../training/streams.ts";
import { byRunning, type EncoderStatistics, encode } from "./encoder.ts";
import { restoreJudged } from "./judge.ts";
import type { Config } from "./method.ts";
import { type Decoder, decode, type Model, type ModelConfig } from "./model.ts";
import { knownScaleOf, scaled, unscaled } from "./scale.ts";
import { FEATURES, SEEN_FRAMES } from "./systems.ts";

export { withScale } from "./scale.ts";

/**
 * Of every ordered pair of particles, by the receivers in order and of each by the senders in order: `[pairs]` each.
 */
export interface InferredGraph {
  /** How probable it is that the sender acts on the receiver. */
  readonly probabilities: Float32Array;
  /** A draw: 1 where the sender acts on the receiver, else 0. */
  readonly exact: Float32Array;
  /** The same draw, relaxed. */
  readonly relaxed: Float32Array;
}

// The graph -----------------------------------------------------------------------------------------------------------

/**
 * The graph that a model tells from 49 frames.
 *
 * @param paths `[particles, 49, 4]`, as simulations have them
 * @param draw the temperature of the relaxed draw, and the seed of its noise
 * @throws RangeError for a model that tells no graph, and for another number of particles or frames
 */
export async function inferGraph(
  trained: Trained<Config>,
  paths: Float32Array,
  draw: { readonly temperature: number; readonly seed: number },
): Promise<InferredGraph> {
  const { graph, particles, system } = trained.config;
  const size = SEEN_FRAMES[system] * FEATURES[system];
  if (graph !== "inferred") {
    throw new RangeError(
      `graph must be inferred for a model that tells which particles act on each other, got ${graph}.`,
    );
  }
  checkLength("paths", paths, particles * size);
  const seen = scaled(paths, await knownScaleOf(trained), FEATURES[system]);
  return withArrays(restoreJudged(trained.checkpoint), async ({ model, statistics }) => {
    const encoding: Encoding = { encoder: tree.ref(model.encoder!) };
    if (statistics) encoding.statistics = tree.ref(statistics);
    return read(
      inferKernel(
        encoding,
        np.array(seen, { shape: [particles, size] }),
        streamKey(draw.seed, streams.measuring),
        np.array(draw.temperature),
        particles,
      ),
    );
  });
}

type Encoding = { encoder: NonNullable<Model["encoder"]>; statistics?: EncoderStatistics };

const inferKernel = jit(
  function infer(
    { encoder, statistics }: Encoding,
    paths: np.Array,
    key: np.Array,
    temperature: np.Array,
    particles: number,
  ) {
    const logits = encode(encoder, paths, particles, byRunning(statistics));
    const isEdge = (kinds: np.Array) => kinds.slice([], [], 1).reshape([-1]);
    return {
      probabilities: isEdge(categorical.marginals(logits.ref)),
      exact: isEdge(categorical.sample(key.ref, logits.ref)),
      relaxed: isEdge(categorical.relax(key, logits, { temperature })),
    };
  },
  { staticArgnums: [4] },
);

// The motion ----------------------------------------------------------------------------------------------------------

/** Frames that are predicted in one call: what is predicted in a row is one compiled program. */
const PREDICTED_AT_ONCE = 10;

/**
 * The frames after one, each predicted from the one before, by the model alone.
 *
 * @param frame `[particles, 4]`
 * @param edges by ordered pairs, as `inferGraph` has them: how much each sender acts on its receiver, from 0 to 1
 * @returns `[frames, particles, 4]`
 * @throws RangeError for another number of particles or pairs
 */
export async function continueMotion(
  trained: Trained<Config>,
  frame: Float32Array,
  edges: Float32Array,
  frames: number,
): Promise<Float32Array> {
  const { particles, system, decoder, hidden, normalization } = trained.config;
  if (decoder !== "mlp") {
    throw new RangeError(`decoder must be mlp for a model that goes on from one frame, got ${decoder}.`);
  }
  checkLength("frame", frame, particles * FEATURES[system]);
  checkLength("edges", edges, particles * (particles - 1));
  const scale = await knownScaleOf(trained);
  const continued = new Float32Array(Math.ceil(frames / PREDICTED_AT_ONCE) * PREDICTED_AT_ONCE * frame.length);
  await withArrays(restoreJudged(trained.checkpoint), async ({ model }) => {
    let last = scaled(frame, scale, FEATURES[system]);
    for (let at = 0; at < continued.length; at += PREDICTED_AT_ONCE * frame.length) {
      const next = continueKernel(
        tree.ref(model.decoder),
        np.array(edges as Float32Array<ArrayBuffer>, { shape: [1, edges.length] }),
        np.array(last, { shape: [1, 1, particles, FEATURES[system]] }),
        { particles, system, decoder, hidden, normalization },
      );
      const predicted = (await next.data()) as Float32Array;
      continued.set(predicted, at);
      last = predicted.slice(-frame.length) as Float32Array<ArrayBuffer>;
    }
  });
  return unscaled(continued.subarray(0, frames * frame.length), scale, FEATURES[system]);
}

const continueKernel = jit(
  function continueFrom(decoder: Decoder, edges: np.Array, starts: np.Array, config: ModelConfig) {
    const kinds = np.stack([np.subtract(1, edges.ref), edges], -1);
    return np.stack(decode(decoder, config, { kinds, starts, steps: PREDICTED_AT_ONCE }));
  },
  { staticArgnums: [3] },
);

// Checks --------------------------------------------------------------------------------------------------------------

function checkLength(name: string, numbers: Float32Array, length: number): void {
  if (numbers.length === length) return;
  throw new RangeError(`${name}: expected ${length} numbers, got ${numbers.length}.`);
}

async function read<Name extends string>(arrays: Record<Name, np.Array>): Promise<Record<Name, Float32Array>> {
  const reading = Object.entries<np.Array>(arrays).map(
    async ([name, array]) => [name, (await array.data()) as Float32Array] as const,
  );
  return Object.fromEntries(await Promise.all(reading)) as Record<Name, Float32Array>;
}
