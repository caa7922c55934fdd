/** The simulations of a training, scaled and cut into what a model is shown and what it is to predict. */

import { numpy as np } from "@jax-js/jax";
import { simulateLayouts } from "./layout.ts";
import { simulate } from "./simulator.ts";
import { FEATURES, type Part, SEEN_FRAMES, type Simulations, type System } from "./systems.ts";

/** What is predicted of a test simulation behind the frames that the encoder sees. */
export const AHEAD = 20;

/** Validation simulations end with what is seen. Of particles as many frames are made to test on as were published. */
function framesOf(system: System, part: Part): number {
  const seen = SEEN_FRAMES[system];
  return part === "test" ? Math.max(2 * seen, seen + AHEAD) + 1 : seen;
}

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
  const wish = { particles, count, seed, part, frames: framesOf(system, part) };
  const name = JSON.stringify({ system, ...wish });
  const known = kept[part];
  if (known?.name === name) return known.made;
  const made = system === "layout" ? simulateLayouts(wish) : simulate({ ...wish, system });
  kept[part] = { name, made };
  return made;
}

/** The last of each part. */
const kept: Partial<Record<Part, { readonly name: string; readonly made: Promise<Simulations> }>> = {};

// Scale ---------------------------------------------------------------------------------------------------------------

/** Positions and velocities, where there are any, each from their least to their most, become -1 to 1. */
export interface Scale {
  readonly position: Range;
  readonly velocity?: Range;
}

interface Range {
  readonly least: number;
  readonly most: number;
}

/** The extremes of the training simulations, as the published code has it. */
export async function scaleOf(config: MotionConfig): Promise<Scale> {
  const { system, paths } = await simulationsOf(config, "train");
  const features = FEATURES[system];
  const rangeFrom = (feature: number): Range => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = feature; at < paths.length; at += features) {
      least = Math.min(least, paths[at]!, paths[at + 1]!);
      most = Math.max(most, paths[at]!, paths[at + 1]!);
    }
    return { least, most };
  };
  const position = rangeFrom(0);
  return features > 2 ? { position, velocity: rangeFrom(2) } : { position };
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

/** How many frames of a window are predicted from the last start. */
export function stepsOfLastIn(window: Window): number {
  const { first, last, steps } = window;
  return last - first - (startsIn(window) - 1) * steps;
}

/** What is predicted of simulations, on the device. */
export type Batch = {
  /** What the encoder sees, `[simulations * particles, seen frames * features]`. */
  paths: np.Array;
  /** The frames to predict from, `[simulations, starts, particles, features]`. */
  starts: np.Array;
  /** The frames to be predicted, `[steps, simulations, starts, particles, features]`. */
  targets: np.Array;
  /**
   * For each ordered pair, the receivers in order and of each the senders in order: 1 for an edge,
   * `[simulations, pairs]`.
   */
  edges: np.Array;
};

/** Simulations of the given rows. */
export function gatherBatch(simulations: Simulations, rows: Uint32Array, window: Window, scale: Scale): Batch {
  const { system, particles, frames } = simulations;
  const { first, last, steps } = window;
  const [features, starts] = [FEATURES[system], startsIn(window)];
  const seen = SEEN_FRAMES[system] * features;
  const paths = new Float32Array(rows.length * particles * seen);
  const scaled = new Float32Array(frames * features);
  const begin = new Float32Array(rows.length * starts * particles * features);
  const targets = new Float32Array(steps * begin.length);
  const frameOf = (frame: number) => scaled.subarray(frame * features, (frame + 1) * features);
  rows.forEach((row, i) => {
    for (let particle = 0; particle < particles; particle++) {
      scalePath(simulations, row * particles + particle, scale, scaled);
      paths.set(scaled.subarray(0, seen), (i * particles + particle) * seen);
      for (let start = 0; start < starts; start++) {
        const frame = first + start * steps;
        const to = ((i * starts + start) * particles + particle) * features;
        begin.set(frameOf(frame), to);
        for (let step = 1; step <= steps && frame + step <= last; step++) {
          targets.set(frameOf(frame + step), (step - 1) * begin.length + to);
        }
      }
    }
  });
  const shape = [rows.length, starts, particles, features];
  return {
    paths: np.array(paths, { shape: [rows.length * particles, seen] }),
    starts: np.array(begin, { shape }),
    targets: np.array(targets, { shape: [steps, ...shape] }),
    edges: gatherEdges(simulations, rows),
  };
}

/** @param index of the particle, counted over all simulations */
function scalePath({ system, paths, frames }: Simulations, index: number, scale: Scale, to: Float32Array): void {
  const features = FEATURES[system];
  const from = index * frames * features;
  for (let i = 0; i < frames * features; i++) {
    const { least, most } = i % features < 2 ? scale.position : scale.velocity!;
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
