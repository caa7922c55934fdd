/**
 * How particles move in a box, of which some act on each other: springs, or charges. Laws and constants are in
 * simulator.ts. It needs no engine, so that a page moves particles where it draws them.
 *
 * The integrator is leapfrog (velocity Verlet): half a kick, a drift, half a kick, so that positions and velocities
 * that are kept are of the same moment. All is in float64.
 */

import type { Mechanics } from "./systems.ts";

/** Walls are at plus and minus this, each way. */
export const WALL = 5;

const TIME_STEP = 0.001;

/** What is kept is where particles are after so many steps, after twice as many, and so on. */
export const STEPS_A_FRAME = 100;

const LARGEST_FORCE = 100;
const SPRING = 0.1;

/** Particles at one moment. It moves as it is simulated. */
export interface Scene {
  readonly system: Mechanics;
  readonly particles: number;
  /** `[particles, particles]`, symmetric: 1 for a spring; for charges their product, 1 or -1. The diagonal is 0. */
  readonly interactions: Int8Array;
  /** `[particles]` each. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly velocityX: Float64Array;
  readonly velocityY: Float64Array;
}

/** Moves a scene by so many steps, at least one. */
export function advance(scene: Scene, steps: number, timeStep = TIME_STEP): void {
  const { particles, x, y, velocityX, velocityY } = scene;
  const forceX = new Float64Array(particles);
  const forceY = new Float64Array(particles);
  const pairs = interactingPairs(scene);
  const addForces = { springs: addSprings, charges: addCharges }[scene.system];
  for (let step = 0; step <= steps; step++) {
    forceX.fill(0);
    forceY.fill(0);
    addForces(scene, pairs, forceX, forceY);
    // Half a kick begins the first step and ends the last; between two steps there are both halves.
    const duration = step === 0 || step === steps ? timeStep / 2 : timeStep;
    kick(velocityX, forceX, duration);
    kick(velocityY, forceY, duration);
    if (step === steps) return;
    drift(x, velocityX, timeStep);
    drift(y, velocityY, timeStep);
  }
}

// What follows is done millions of times a second: it makes no objects, and uses plain loops.

/** Changes one component of all velocities by a force. */
function kick(velocity: Float64Array, force: Float64Array, duration: number): void {
  for (let i = 0; i < velocity.length; i++) {
    let bounded = force[i]!;
    if (bounded > LARGEST_FORCE) bounded = LARGEST_FORCE;
    else if (bounded < -LARGEST_FORCE) bounded = -LARGEST_FORCE;
    velocity[i] = velocity[i]! + duration * bounded;
  }
}

/** Moves one coordinate of all particles, and reflects at the walls. */
export function drift(position: Float64Array, velocity: Float64Array, timeStep: number): void {
  for (let i = 0; i < position.length; i++) {
    let moved = position[i]! + timeStep * velocity[i]!;
    if (moved > WALL) {
      moved = 2 * WALL - moved;
      velocity[i] = -Math.abs(velocity[i]!);
    } else if (moved < -WALL) {
      moved = -2 * WALL - moved;
      velocity[i] = Math.abs(velocity[i]!);
    }
    position[i] = moved;
  }
}

/** @param pairs two particles and their interaction, one pair after the other */
type AddForces = (scene: Scene, pairs: Int16Array, forceX: Float64Array, forceY: Float64Array) => void;

const addSprings: AddForces = ({ x, y }, pairs, forceX, forceY) => {
  for (let at = 0; at < pairs.length; at += 3) {
    const i = pairs[at]!;
    const j = pairs[at + 1]!;
    const pullX = SPRING * (x[j]! - x[i]!);
    const pullY = SPRING * (y[j]! - y[i]!);
    forceX[i] = forceX[i]! + pullX;
    forceY[i] = forceY[i]! + pullY;
    forceX[j] = forceX[j]! - pullX;
    forceY[j] = forceY[j]! - pullY;
  }
};

const addCharges: AddForces = ({ x, y }, pairs, forceX, forceY) => {
  for (let at = 0; at < pairs.length; at += 3) {
    const i = pairs[at]!;
    const j = pairs[at + 1]!;
    const apartX = x[i]! - x[j]!;
    const apartY = y[i]! - y[j]!;
    const square = apartX * apartX + apartY * apartY;
    const force = pairs[at + 2]! / (square * Math.sqrt(square));
    forceX[i] = forceX[i]! + force * apartX;
    forceY[i] = forceY[i]! + force * apartY;
    forceX[j] = forceX[j]! - force * apartX;
    forceY[j] = forceY[j]! - force * apartY;
  }
};

/** The pairs that act on each other. */
function interactingPairs({ particles, interactions }: Scene): Int16Array {
  const pairs: number[] = [];
  for (let i = 0; i < particles; i++) {
    for (let j = 0; j < i; j++) {
      const interaction = interactions[i * particles + j]!;
      if (interaction !== 0) pairs.push(i, j, interaction);
    }
  }
  return Int16Array.from(pairs);
}

/**
 * Kinetic and potential energy, which only the walls, the largest force and the length of steps keep from being
 * conserved.
 */
export function energyOf(scene: Scene): number {
  const { system, particles, interactions, x, y, velocityX, velocityY } = scene;
  let energy = 0;
  for (let i = 0; i < particles; i++) {
    energy += (velocityX[i]! ** 2 + velocityY[i]! ** 2) / 2;
    for (let j = 0; j < i; j++) {
      const square = (x[i]! - x[j]!) ** 2 + (y[i]! - y[j]!) ** 2;
      const potential = system === "springs" ? (SPRING * square) / 2 : 1 / Math.sqrt(square);
      energy += interactions[i * particles + j]! * potential;
    }
  }
  return energy;
}
