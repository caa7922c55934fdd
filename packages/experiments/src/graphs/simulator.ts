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

import { checkWish, drawnWords, normalsOf, uniformOf } from "./drawing.ts";
import { advance, drift, type Scene, STEPS_A_FRAME } from "./dynamics.ts";
import { FEATURES, type Mechanics, type Simulations, type Wish } from "./systems.ts";

const SPEED = 0.5;
const SPREADS: Readonly<Record<Mechanics, number>> = { springs: 0.5, charges: 1 };

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
