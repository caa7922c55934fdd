/** Particles that move, and the frames that are kept of them. */

import { advance, type Scene, STEPS_A_FRAME, WALL } from "@softdraw/experiments/graphs/dynamics";
import { FEATURES as FEATURES_OF, SEEN_FRAMES as SEEN_FRAMES_OF } from "@softdraw/experiments/graphs/systems";

/** What the model is shown. */
export const SEEN_FRAMES = SEEN_FRAMES_OF.springs;
const FEATURES = FEATURES_OF.springs;

/** A particle that is held goes where it is drawn within about a frame, by this much of the way in a unit of time. */
const FOLLOWING = 10;

/** Who lets go of a particle in motion leaves it no more than the speed at which particles begin. */
const LARGEST_SPEED = 0.5;

/** Frames that a model is to continue a motion by. */
export const FRAMES_CONTINUED = 50;

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A particle that somebody moves. */
export interface Held extends Place {
  readonly particle: number;
}

/** A square part of the box and what is around it. */
export interface View extends Place {
  /** From its middle to its sides. */
  readonly half: number;
}

/** A scene that moves, with the frames of the last while. */
export interface Recording {
  readonly scene: Scene;
  /** `[particles, 4]` each, at most 49, the oldest first. */
  readonly frames: readonly Float32Array[];
  /** How many frames were kept, from the beginning. */
  readonly count: number;
  /** Steps since the last of them. */
  readonly steps: number;
}

/** A scene that has moved for as long as the model has to see. */
export function recordingOf(beginning: Scene): Recording {
  return moved({ scene: copyOf(beginning), frames: [], count: 0, steps: 0 }, SEEN_FRAMES * STEPS_A_FRAME);
}

/** What is there so many steps later, a whole number of them. The scene of the recording moves with it. */
export function moved(recording: Recording, steps: number, held?: Held): Recording {
  const { scene } = recording;
  let { frames, count, steps: since } = recording;
  for (let left = steps; left > 0; ) {
    const part = Math.min(left, STEPS_A_FRAME - since);
    if (held !== undefined) pull(scene, held);
    advance(scene, part);
    left -= part;
    since += part;
    if (since < STEPS_A_FRAME) continue;
    since = 0;
    count += 1;
    frames = [...frames.slice(-SEEN_FRAMES + 1), frameOf(scene)];
  }
  return { scene, frames, count, steps: since };
}

/** Towards where it is drawn: springs and other particles are felt no more than by who has a hand. */
function pull(scene: Scene, { particle, x, y }: Held): void {
  scene.velocityX[particle] = FOLLOWING * (x - scene.x[particle]!);
  scene.velocityY[particle] = FOLLOWING * (y - scene.y[particle]!);
}

/** Lets go of a particle, which goes on in its direction. */
export function letGo({ velocityX, velocityY }: Scene, particle: number): void {
  const speed = Math.hypot(velocityX[particle]!, velocityY[particle]!);
  if (speed <= LARGEST_SPEED) return;
  velocityX[particle] = (velocityX[particle]! * LARGEST_SPEED) / speed;
  velocityY[particle] = (velocityY[particle]! * LARGEST_SPEED) / speed;
}

/** Puts a particle somewhere in the box, at rest. */
export function put(scene: Scene, particle: number, { x, y }: Place): void {
  scene.x[particle] = inside(x);
  scene.y[particle] = inside(y);
  scene.velocityX[particle] = 0;
  scene.velocityY[particle] = 0;
}

function inside(coordinate: number): number {
  return Math.min(WALL, Math.max(-WALL, coordinate));
}

/** Joins two particles by a spring, or cuts it. */
export function setSpring({ interactions, particles }: Scene, i: number, j: number, isJoined: boolean): void {
  interactions[i * particles + j] = isJoined ? 1 : 0;
  interactions[j * particles + i] = isJoined ? 1 : 0;
}

/** `[particles, particles]`, row by row. */
export function springsOf({ interactions }: Scene): boolean[] {
  return Array.from(interactions, (interaction) => interaction === 1);
}

/** The paths that the model is shown, `[particles, 49, 4]`. */
export function pathsOf(frames: readonly Float32Array[]): Float32Array {
  const particles = frames[0]!.length / FEATURES;
  const paths = new Float32Array(frames.length * particles * FEATURES);
  frames.forEach((frame, at) => {
    for (let particle = 0; particle < particles; particle++) {
      const features = frame.subarray(particle * FEATURES, (particle + 1) * FEATURES);
      paths.set(features, (particle * frames.length + at) * FEATURES);
    }
  });
  return paths;
}

const WHOLE_BOX: View = { x: 0, y: 0, half: WALL + 0.4 };

/** Nobody has to look nearer than this. */
const SMALLEST_VIEW = 2;

/** What has all particles in all of these frames, with room around them. */
export function viewOf(frames: readonly Float32Array[]): View {
  const places = frames.flatMap(placesIn);
  const [left, right] = extremesOf(places.map(({ x }) => x));
  const [top, bottom] = extremesOf(places.map(({ y }) => y));
  const half = Math.max(SMALLEST_VIEW, 0.4 + 0.55 * Math.max(right - left, bottom - top));
  if (!(half < WHOLE_BOX.half)) return WHOLE_BOX;
  const room = WHOLE_BOX.half - half;
  const within = (middle: number) => Math.min(room, Math.max(-room, middle));
  return { x: within((left + right) / 2), y: within((top + bottom) / 2), half };
}

/** Whether a place is so far within a view that it is seen whole. */
export function isSeen({ x, y }: Place, view: View): boolean {
  const reach = 0.95 * view.half;
  return Math.abs(x - view.x) <= reach && Math.abs(y - view.y) <= reach;
}

/** On the way from one view to another. */
export function between(from: View, to: View, share: number): View {
  const mean = (a: number, b: number) => a + share * (b - a);
  return { x: mean(from.x, to.x), y: mean(from.y, to.y), half: mean(from.half, to.half) };
}

function extremesOf(values: readonly number[]): [least: number, most: number] {
  return [Math.min(...values), Math.max(...values)];
}

/** Of `[frames, particles, 4]`, the frames. */
export function framesOf(numbers: Float32Array, particles: number): Float32Array[] {
  const size = particles * FEATURES;
  return Array.from({ length: numbers.length / size }, (_, frame) => numbers.slice(frame * size, (frame + 1) * size));
}

/** Where particles are in a frame. */
export function placesIn(frame: Float32Array): Place[] {
  return Array.from({ length: frame.length / FEATURES }, (_, particle) => ({
    x: frame[particle * FEATURES]!,
    y: frame[particle * FEATURES + 1]!,
  }));
}

export function placesOf({ x, y }: Scene): Place[] {
  return Array.from(x, (at, particle) => ({ x: at, y: y[particle]! }));
}

/** How far two lists of particles are apart, in the mean. */
export function meanDistance(some: readonly Place[], others: readonly Place[]): number {
  const apart = some.map(({ x, y }, i) => Math.hypot(x - others[i]!.x, y - others[i]!.y));
  return apart.reduce((a, b) => a + b, 0) / apart.length;
}

/** A frame of a scene as it is now. */
export function frameOf({ particles, x, y, velocityX, velocityY }: Scene): Float32Array {
  return Float32Array.from({ length: particles * FEATURES }, (_, at) => {
    const particle = Math.floor(at / FEATURES);
    return [x, y, velocityX, velocityY][at % FEATURES]![particle]!;
  });
}

function copyOf({ system, particles, interactions, x, y, velocityX, velocityY }: Scene): Scene {
  return {
    system,
    particles,
    interactions: interactions.slice(),
    x: x.slice(),
    y: y.slice(),
    velocityX: velocityX.slice(),
    velocityY: velocityY.slice(),
  };
}
