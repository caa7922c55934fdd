/**
 * Particles that move in a box, and of which some act on each other: springs, or charges.
 *
 * Laws, constants and sampling are those of Kipf, Fetaya, Wang, Welling, Zemel, "Neural Relational Inference for
 * Interacting Systems", 2018, and of its published code:
 * - a box from -5 to 5 each way, with elastic walls; masses of 1;
 * - springs: two particles are joined with probability one half, and pull each other by 0.1 times their distance.
 *   Positions begin normal with deviation 0.5, velocities with norm 0.5 in any direction;
 * - charges of -1 or 1, each with probability one half, that repel or attract each other by their product over the
 *   squared distance. Positions begin normal with deviation 1, velocities with norm 0.5;
 * - no component of the force on a particle is above 100, so that one step changes no velocity by more than 0.1;
 * - steps of 0.001, of which every hundredth is kept, from the hundredth on.
 *
 * How they move is in dynamics.ts. The same seed gives the same bytes.
 */

import { random } from "@jax-js/jax";
import { blocksOf } from "../mathematics/blocks.ts";
import { streamKey } from "../nn/keys.ts";
import { streams } from "../training/streams.ts";
import { advance, drift, FEATURES, type Scene, STEPS_A_FRAME, type System } from "./dynamics.ts";

export { FEATURES, type System, systems } from "./dynamics.ts";

const SPEED = 0.5;
const SPREADS: Readonly<Record<System, number>> = { springs: 0.5, charges: 1 };

/** Paths of several scenes. */
export interface Simulations {
  readonly count: number;
  readonly particles: number;
  readonly frames: number;
  /** `[count, particles, frames, 4]`: x, y, and the velocities along both. */
  readonly paths: Float32Array;
  /**
   * `[count, particles, particles]`: 1 for a spring, or for charges that repel each other; else 0. The diagonal is 0.
   */
  readonly edges: Uint8Array;
}

// Beginnings ----------------------------------------------------------------------------------------------------------

/** Scenes that are drawn at once, always as many, so that the first of many are the same as those of few. */
const DRAWN_AT_ONCE = 256;

/** What a simulation is for: each draws from streams of its own. */
export const parts = ["train", "validation", "test"] as const;
export type Part = (typeof parts)[number];

const STREAMS_A_PART = 2 ** 24;

interface Wish {
  readonly system: System;
  readonly particles: number;
  readonly count: number;
  readonly seed: number;
  readonly part: Part;
}

/** Scenes as they begin, a block of some at a time. */
export async function* scenes({ system, particles, count, seed, part }: Wish): AsyncGenerator<Scene, void, void> {
  const words = wordsOf(system, particles);
  const firstStream = streams.simulations + parts.indexOf(part) * STREAMS_A_PART;
  for (const { first, size } of blocksOf(count, DRAWN_AT_ONCE)) {
    const key = streamKey(seed, firstStream + first / DRAWN_AT_ONCE);
    const bits = (await random.bits(key, [DRAWN_AT_ONCE * words]).data()) as Uint32Array;
    for (let i = 0; i < size; i++) yield beginningOf(system, particles, bits.subarray(i * words, (i + 1) * words));
  }
}

/** Random words of a scene: for what acts on what, and three for where each particle is and goes. */
function wordsOf(system: System, particles: number): number {
  return (system === "springs" ? (particles * (particles - 1)) / 2 : particles) + 3 * particles;
}

function beginningOf(system: System, particles: number, bits: Uint32Array): Scene {
  const uniform = (word: number) => (bits[word]! + 0.5) / 2 ** 32;
  const first = bits.length - 3 * particles;
  const interactions = { springs: drawnSprings, charges: drawnCharges }[system](
    particles,
    (word) => uniform(word) < 0.5,
  );
  const scene: Scene = {
    system,
    particles,
    interactions,
    x: new Float64Array(particles),
    y: new Float64Array(particles),
    velocityX: new Float64Array(particles),
    velocityY: new Float64Array(particles),
  };
  for (let i = 0; i < particles; i++) {
    const word = first + 3 * i;
    // Two normal numbers from two uniform ones, by Box and Muller.
    const distance = SPREADS[system] * Math.sqrt(-2 * Math.log(uniform(word)));
    const [angle, direction] = [2 * Math.PI * uniform(word + 1), 2 * Math.PI * uniform(word + 2)];
    scene.x[i] = distance * Math.cos(angle);
    scene.y[i] = distance * Math.sin(angle);
    scene.velocityX[i] = SPEED * Math.cos(direction);
    scene.velocityY[i] = SPEED * Math.sin(direction);
  }
  // A particle may begin outside of the box, which is rare; nothing moves in a step of no length.
  drift(scene.x, scene.velocityX, 0);
  drift(scene.y, scene.velocityY, 0);
  return scene;
}

function drawnSprings(particles: number, isDrawn: (word: number) => boolean): Int8Array {
  const interactions = new Int8Array(particles * particles);
  let word = 0;
  for (let i = 0; i < particles; i++) {
    for (let j = 0; j < i; j++) {
      const spring = isDrawn(word++) ? 1 : 0;
      interactions[i * particles + j] = spring;
      interactions[j * particles + i] = spring;
    }
  }
  return interactions;
}

function drawnCharges(particles: number, isDrawn: (word: number) => boolean): Int8Array {
  const charges = Array.from({ length: particles }, (_, i) => (isDrawn(i) ? 1 : -1));
  return Int8Array.from({ length: particles * particles }, (_, at) => {
    const [i, j] = [Math.floor(at / particles), at % particles];
    return i === j ? 0 : charges[i]! * charges[j]!;
  });
}

// Simulations ---------------------------------------------------------------------------------------------------------

/**
 * Simulates so many scenes for so many frames, the first of which is a hundred steps after the beginning.
 *
 * @throws RangeError for numbers of particles or simulations that are no whole numbers in range
 */
export async function simulate(wish: Wish & { readonly frames: number }): Promise<Simulations> {
  const { particles, count, frames } = wish;
  checkWhole("particles", particles, 2, 255);
  checkWhole("count", count, 1, DRAWN_AT_ONCE * STREAMS_A_PART);
  checkWhole("frames", frames, 1, Number.MAX_SAFE_INTEGER);
  const paths = new Float32Array(count * particles * frames * FEATURES);
  const edges = new Uint8Array(count * particles * particles);
  let row = 0;
  for await (const scene of scenes(wish)) {
    edges.set(
      scene.interactions.map((interaction) => (interaction > 0 ? 1 : 0)),
      row * particles * particles,
    );
    for (let frame = 0; frame < frames; frame++) {
      advance(scene, STEPS_A_FRAME);
      keepFrame(scene, paths, row * particles * frames + frame, frames);
    }
    row++;
  }
  return { count, particles, frames, paths, edges };
}

/** @param at the place of the first particle in this frame, counted in frames of a particle */
function keepFrame({ particles, x, y, velocityX, velocityY }: Scene, paths: Float32Array, at: number, frames: number) {
  for (let i = 0; i < particles; i++) {
    const to = (at + i * frames) * FEATURES;
    paths[to] = x[i]!;
    paths[to + 1] = y[i]!;
    paths[to + 2] = velocityX[i]!;
    paths[to + 3] = velocityY[i]!;
  }
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`simulate: ${name} must be a whole number from ${least} to ${most}, got ${value}.`);
}
