/** The simulations of a training, scaled and cut into what a model is shown and what it is to predict. */

import { numpy as np } from "@jax-js/jax";
import { SEEN_FRAMES } from "./dynamics.ts";
import { FEATURES, type Part, type Simulations, type System, simulate } from "./simulator.ts";

export { SEEN_FRAMES };

const FRAMES: Readonly<Record<Part, number>> = {
  train: SEEN_FRAMES,
  validation: SEEN_FRAMES,
  test: 2 * SEEN_FRAMES + 1,
};

/** Of validation and test simulations there is one for so many training simulations, as of the published 50,000. */
const TRAINING_SHARE = 5;

interface MotionConfig {
  readonly system: System;
  readonly particles: number;
  /** For training. */
  readonly simulations: number;
  readonly seed: number;
}

/**
 * Simulations of one part. They are made from the seed at the first call, in less than a millisecond each, and kept
 * until those of another configuration are asked for.
 *
 * @param count by default a fifth of those to train on, for validation and test
 */
export function simulationsOf(
  { system, particles, simulations, seed }: MotionConfig,
  part: Part,
  count = part === "train" ? simulations : Math.ceil(simulations / TRAINING_SHARE),
): Promise<Simulations> {
  const wish = { system, particles, count, seed, part, frames: FRAMES[part] };
  const name = JSON.stringify(wish);
  const known = kept[part];
  if (known?.name === name) return known.made;
  const made = simulate(wish);
  kept[part] = { name, made };
  return made;
}

/** The last of each part. */
const kept: Partial<Record<Part, { readonly name: string; readonly made: Promise<Simulations> }>> = {};

// Scale ---------------------------------------------------------------------------------------------------------------

/** Positions and velocities, each from their least to their most, become -1 to 1. */
export interface Scale {
  readonly position: Range;
  readonly velocity: Range;
}

interface Range {
  readonly least: number;
  readonly most: number;
}

/** The extremes of the training simulations, as the published code has it. */
export async function scaleOf(config: MotionConfig): Promise<Scale> {
  const { paths } = await simulationsOf(config, "train");
  const rangeFrom = (feature: number): Range => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = feature; at < paths.length; at += FEATURES) {
      least = Math.min(least, paths[at]!, paths[at + 1]!);
      most = Math.max(most, paths[at]!, paths[at + 1]!);
    }
    return { least, most };
  };
  return { position: rangeFrom(0), velocity: rangeFrom(2) };
}

// Batches -------------------------------------------------------------------------------------------------------------

/**
 * From which frames on a model predicts, and how far: from `first`, and from every `steps`-th frame after it, `steps`
 * frames each; what would be beyond the frame `last` is not counted.
 */
export interface Window {
  readonly first: number;
  readonly last: number;
  readonly steps: number;
}

/** How often a model starts in a window. */
export function startsIn({ first, last, steps }: Window): number {
  return Math.ceil((last - first) / steps);
}

/** What is predicted of simulations, on the device. */
export type Batch = {
  /** What the encoder sees, `[simulations * particles, 49 * 4]`. */
  paths: np.Array;
  /** The frames to predict from, `[simulations, starts, particles, 4]`. */
  starts: np.Array;
  /** The frames to be predicted, `[steps, simulations, starts, particles, 4]`. */
  targets: np.Array;
  /**
   * For each ordered pair, the receivers in order and of each the senders in order: 1 for an edge,
   * `[simulations, pairs]`.
   */
  edges: np.Array;
};

/** Simulations of the given rows. */
export function gatherBatch(simulations: Simulations, rows: Uint32Array, window: Window, scale: Scale): Batch {
  const { particles, frames } = simulations;
  const { first, last, steps } = window;
  const starts = startsIn(window);
  const paths = new Float32Array(rows.length * particles * SEEN_FRAMES * FEATURES);
  const scaled = new Float32Array(frames * FEATURES);
  const begin = new Float32Array(rows.length * starts * particles * FEATURES);
  const targets = new Float32Array(steps * begin.length);
  rows.forEach((row, i) => {
    for (let particle = 0; particle < particles; particle++) {
      scalePath(simulations, row * particles + particle, scale, scaled);
      paths.set(scaled.subarray(0, SEEN_FRAMES * FEATURES), (i * particles + particle) * SEEN_FRAMES * FEATURES);
      for (let start = 0; start < starts; start++) {
        const frame = first + start * steps;
        const to = ((i * starts + start) * particles + particle) * FEATURES;
        begin.set(frameOf(scaled, frame), to);
        for (let step = 1; step <= steps && frame + step <= last; step++) {
          targets.set(frameOf(scaled, frame + step), (step - 1) * begin.length + to);
        }
      }
    }
  });
  const shape = [rows.length, starts, particles, FEATURES];
  return {
    paths: np.array(paths, { shape: [rows.length * particles, SEEN_FRAMES * FEATURES] }),
    starts: np.array(begin, { shape }),
    targets: np.array(targets, { shape: [steps, ...shape] }),
    edges: gatherEdges(simulations, rows),
  };
}

function frameOf(path: Float32Array, frame: number): Float32Array {
  return path.subarray(frame * FEATURES, (frame + 1) * FEATURES);
}

/** @param index of the particle, counted over all simulations */
function scalePath({ paths, frames }: Simulations, index: number, { position, velocity }: Scale, to: Float32Array) {
  const from = index * frames * FEATURES;
  for (let i = 0; i < frames * FEATURES; i++) {
    const { least, most } = i % FEATURES < 2 ? position : velocity;
    to[i] = (2 * (paths[from + i]! - least)) / (most - least) - 1;
  }
}

function gatherEdges(simulations: Simulations, rows: Uint32Array): np.Array {
  const pairs = simulations.particles * (simulations.particles - 1);
  const edges = new Float32Array(rows.length * pairs);
  rows.forEach((row, i) => {
    edges.set(edgesOf(simulations, row), i * pairs);
  });
  return np.array(edges, { shape: [rows.length, pairs] });
}

/** The edges of a simulation by its ordered pairs. */
export function edgesOf({ particles, edges }: Simulations, row: number): number[] {
  const matrix = edges.subarray(row * particles ** 2, (row + 1) * particles ** 2);
  return Array.from(matrix).filter((_, at) => Math.floor(at / particles) !== at % particles);
}
