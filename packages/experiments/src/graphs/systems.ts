/** What moves, and what is known of it. */

/** Systems of particles, which move by the forces between them. */
export const mechanics = ["springs", "charges"] as const;
export type Mechanics = (typeof mechanics)[number];

export const systems = [...mechanics, "layout"] as const;
export type System = (typeof systems)[number];

/** Numbers that a particle has in a frame: x and y, and of what has velocities those along both. */
export const FEATURES: Readonly<Record<System, number>> = { springs: 4, charges: 4, layout: 2 };

/** Frames that the encoder sees, and that training and validation simulations have. */
export const SEEN_FRAMES: Readonly<Record<System, number>> = { springs: 49, charges: 49, layout: 10 };

/** Paths of several systems. */
export interface Simulations {
  readonly system: System;
  readonly count: number;
  readonly particles: number;
  readonly frames: number;
  /** `[count, particles, frames, features]`. */
  readonly paths: Float32Array;
  /**
   * `[count, particles, particles]`: 1 for a spring, for charges that repel each other, or for an edge of the graph that is
   * laid out; else 0. The diagonal is 0.
   */
  readonly edges: Uint8Array;
}

/** What a simulation is for: each draws from streams of its own. */
export const parts = ["train", "validation", "test"] as const;
export type Part = (typeof parts)[number];

/** What simulations are asked for. */
export interface Wish {
  readonly particles: number;
  readonly count: number;
  readonly frames: number;
  readonly seed: number;
  readonly part: Part;
}
