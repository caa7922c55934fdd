/** The box of the page moves as the simulations do that models are trained on. */

import type { Scene } from "@softdraw/experiments/graphs/dynamics";
import { simulate } from "@softdraw/experiments/graphs/simulator";
import { beforeAll, describe, expect, test } from "vitest";
import { SHOWN_FRAMES, withMoment } from "../src/pages/graphs/beliefs.ts";
import { matrixOf, meansOfPairs, orderedPairs, rightPairs, unorderedPairs } from "../src/pages/graphs/pairs.ts";
import {
  framesOf,
  letGo,
  meanDistance,
  moved,
  pathsOf,
  placesIn,
  placesOf,
  put,
  recordingOf,
  setSpring,
  springsOf,
  viewOf,
} from "../src/pages/graphs/recording.ts";
import { beginningOfMotion } from "../src/pages/graphs/tasks.ts";

const SEED = 3;
let beginning: Scene;

beforeAll(async () => {
  beginning = await beginningOfMotion({ particles: 5, seed: SEED });
});

describe("what is recorded", () => {
  const simulated = (frames: number) =>
    simulate({ system: "springs", particles: 5, count: 1, seed: SEED, part: "test", frames });

  test("is a test simulation, to the last bit", async () => {
    const { paths, edges } = await simulated(49);
    const { frames, scene, count } = recordingOf(beginning);
    expect(count).toBe(49);
    expect(pathsOf(frames)).toEqual(paths);
    expect(springsOf(scene)).toEqual(Array.from(edges, (edge) => edge === 1));
  });

  test("goes on so however often it is drawn, and forgets what is older than 49 frames", async () => {
    const { paths } = await simulated(60);
    let recording = recordingOf(beginning);
    // Eleven frames in parts that meet no frame.
    for (let step = 0; step < 100; step++) recording = moved(recording, 11);
    expect([recording.count, recording.steps, recording.frames.length]).toEqual([60, 0, 49]);
    const last = placesIn(recording.frames.at(-1)!);
    expect(last).toEqual(placesOf(recording.scene).map(({ x, y }) => ({ x: Math.fround(x), y: Math.fround(y) })));
    last.forEach(({ x, y }, particle) => {
      const at = (particle * 60 + 59) * 4;
      expect(Math.hypot(x - paths[at]!, y - paths[at + 1]!)).toBeLessThan(1e-5);
    });
  });

  test("leaves the scene as it is that it begins from", () => {
    const before = structuredClone(beginning);
    recordingOf(beginning);
    expect(beginning).toEqual(before);
  });
});

describe("by hand", () => {
  test("a particle that is held follows within frames, and keeps a moderate speed when it is let go", () => {
    const held = { particle: 2, x: 3, y: -2 };
    let recording = recordingOf(beginning);
    // In parts of a sixtieth of a second.
    for (let part = 0; part < 60; part++) recording = moved(recording, 17, held);
    const { scene } = recording;
    expect(meanDistance([placesOf(scene)[2]!], [held])).toBeLessThan(0.01);
    moved(recording, 17, { ...held, x: -3 });
    letGo(scene, 2);
    expect(Math.hypot(scene.velocityX[2]!, scene.velocityY[2]!)).toBeCloseTo(0.5, 6);
    expect(scene.velocityX[2]).toBeLessThan(0);
  });

  test("a particle that is put rests in the box", () => {
    const { scene } = recordingOf(beginning);
    put(scene, 0, { x: 9, y: 1 });
    expect(placesOf(scene)[0]).toEqual({ x: 5, y: 1 });
    expect([scene.velocityX[0], scene.velocityY[0]]).toEqual([0, 0]);
  });

  test("a spring that is joined pulls, and one that is cut does not", () => {
    const { scene } = recordingOf({ ...beginning, interactions: new Int8Array(25) });
    setSpring(scene, 0, 1, true);
    const pulled = [...scene.velocityX];
    moved({ scene, frames: [], count: 0, steps: 0 }, 100);
    const changed = pulled.map((velocity, i) => velocity !== scene.velocityX[i]);
    expect(changed).toEqual([true, true, false, false, false]);
    setSpring(scene, 1, 0, false);
    expect(springsOf(scene)).toEqual(new Array(25).fill(false));
  });
});

test("frames that are predicted come apart again", () => {
  const numbers = Float32Array.from({ length: 24 }, (_, i) => i);
  expect(framesOf(numbers, 2).map((frame) => [...frame])).toEqual([
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14, 15],
    [16, 17, 18, 19, 20, 21, 22, 23],
  ]);
});

describe("the view", () => {
  const frame = (...places: [number, number][]) => Float32Array.from(places.flatMap(([x, y]) => [x, y, 0, 0]));

  test("has all particles in it, and stays in the box", () => {
    const { x, y, half } = viewOf([frame([4.8, 0], [3, 1]), frame([4, -2], [3.5, 0])]);
    expect(x + half).toBeGreaterThan(4.8);
    expect(x + half).toBeLessThanOrEqual(5.4);
    expect([y - half < -2, y + half > 1]).toEqual([true, true]);
    expect(half).toBeLessThan(3);
  });

  test("is the whole box where particles are all over it", () => {
    expect(viewOf([frame([-4.9, 0], [4.9, 3])])).toEqual({ x: 0, y: 0, half: 5.4 });
  });
});

describe("pairs", () => {
  test("are told by their receivers and senders", () => {
    expect(orderedPairs(3)).toEqual([
      { receiver: 0, sender: 1 },
      { receiver: 0, sender: 2 },
      { receiver: 1, sender: 0 },
      { receiver: 1, sender: 2 },
      { receiver: 2, sender: 0 },
      { receiver: 2, sender: 1 },
    ]);
    expect(unorderedPairs(3).length).toBe(3);
    const values = [0.1, 0.2, 0.3, 0.4, 0.6, 0.9];
    expect(matrixOf(values, 3)).toEqual([
      [Number.NaN, 0.1, 0.2],
      [0.3, Number.NaN, 0.4],
      [0.6, 0.9, Number.NaN],
    ]);
    const means = meansOfPairs(values, 3);
    [0.2, 0.4, 0.65].forEach((mean, i) => {
      expect(means[i]).toBeCloseTo(mean, 9);
    });
  });

  test("are right where a spring is more probable than not, and nowhere without an answer", () => {
    // One spring, between the second and the third.
    const springs = [false, false, false, false, false, true, false, true, false];
    expect(rightPairs([0.1, 0.2, 0.3, 0.4, 0.6, 0.9], springs, 3)).toBe(4);
    expect(rightPairs([0, 0, 0, 1, 0, 1], springs, 3)).toBe(6);
  });
});

test("beliefs are kept frame by frame, the last of each, as long as they are shown", () => {
  const at = (frame: number, belief: number) => ({ frame, beliefs: [belief], springs: [true] });
  const moments = [at(50, 0.1), at(51, 0.2), at(53, 0.3)].reduce(withMoment, []);
  expect(withMoment(moments, at(53, 0.4))).toEqual([at(50, 0.1), at(51, 0.2), at(53, 0.4)]);
  expect(withMoment(moments, at(50 + SHOWN_FRAMES, 0.4)).map(({ frame }) => frame)).toEqual([51, 53, 148]);
});
