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
 * The integrator is leapfrog (velocity Verlet): half a kick, a drift, half a kick, so that positions and velocities
 * that are kept are of the same moment. All is in float64. The same seed gives the same bytes.
 */

import { checkWish, drawnWords, normalsOf, uniformOf } from "./drawing.ts";
import { FEATURES, type Mechanics, type Simulations, type Wish } from "./systems.ts";

/** Walls are at plus and minus this, each way. */
export const WALL = 5;

const TIME_STEP = 0.001;
const STEPS_A_FRAME = 100;
const LARGEST_FORCE = 100;
const SPRING = 0.1;
const SPEED = 0.5;
const SPREADS: Readonly<Record<Mechanics, number>> = { springs: 0.5, charges: 1 };

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

// Motion --------------------------------------------------------------------------------------------------------------

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
function drift(position: Float64Array, velocity: Float64Array, timeStep: number): void {
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

// Beginnings ----------------------------------------------------------------------------------------------------------

/** What particles are asked for. */
type MechanicalWish = Wish & { readonly system: Mechanics };

/** Scenes as they begin. */
export async function* scenes(wish: Omit<MechanicalWish, "frames">): AsyncGenerator<Scene, void, void> {
  const { system, particles } = wish;
  for await (const words of drawnWords(wish, wordsOf(system, particles))) yield beginningOf(system, particles, words);
}

/** Random words of a scene: for what acts on what, and three for where each particle is and goes. */
function wordsOf(system: Mechanics, particles: number): number {
  return (system === "springs" ? (particles * (particles - 1)) / 2 : particles) + 3 * particles;
}

function beginningOf(system: Mechanics, particles: number, words: Uint32Array): Scene {
  const first = words.length - 3 * particles;
  const interactions = { springs: drawnSprings, charges: drawnCharges }[system](
    particles,
    (word) => uniformOf(words[word]!) < 0.5,
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
    const [x, y] = normalsOf(words[word]!, words[word + 1]!);
    const direction = 2 * Math.PI * uniformOf(words[word + 2]!);
    scene.x[i] = SPREADS[system] * x;
    scene.y[i] = SPREADS[system] * y;
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
export async function simulate(wish: MechanicalWish): Promise<Simulations> {
  checkWish(wish);
  const { system, particles, count, frames } = wish;
  const paths = new Float32Array(count * particles * frames * FEATURES[system]);
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
  return { system, count, particles, frames, paths, edges };
}

/** @param at the place of the first particle in this frame, counted in frames of a particle */
function keepFrame(scene: Scene, paths: Float32Array, at: number, frames: number): void {
  const { system, particles, x, y, velocityX, velocityY } = scene;
  for (let i = 0; i < particles; i++) {
    const to = (at + i * frames) * FEATURES[system];
    paths[to] = x[i]!;
    paths[to + 1] = y[i]!;
    paths[to + 2] = velocityX[i]!;
    paths[to + 3] = velocityY[i]!;
  }
}
