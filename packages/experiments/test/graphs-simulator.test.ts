import { describe, expect, test } from "vitest";
import { advance, energyOf, type Scene, WALL } from "../src/graphs/dynamics.ts";
import { scenes, simulate } from "../src/graphs/simulator.ts";
import { mean, sum } from "./support.ts";

/** Particles as they are given: place, velocity, and a spring or a product of charges between every two. */
function sceneOf(
  system: Scene["system"],
  particles: [x: number, y: number, vx: number, vy: number][],
  interaction: number,
) {
  const n = particles.length;
  const column = (i: 0 | 1 | 2 | 3) => Float64Array.from(particles, (particle) => particle[i]);
  const interactions = Int8Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === at % n ? 0 : interaction));
  const [x, y, velocityX, velocityY] = [column(0), column(1), column(2), column(3)];
  return { system, particles: n, interactions, x, y, velocityX, velocityY };
}

const copyOf = (scene: Scene): Scene => ({
  ...scene,
  x: scene.x.slice(),
  y: scene.y.slice(),
  velocityX: scene.velocityX.slice(),
  velocityY: scene.velocityY.slice(),
});

const drawn = async (system: Scene["system"], count: number, particles = 5, seed = 3) => {
  const all: Scene[] = [];
  for await (const scene of scenes({ system, particles, count, seed, part: "train" })) all.push(scene);
  return all;
};

const momentumOf = ({ velocityX, velocityY }: Scene) => [sum([...velocityX]), sum([...velocityY])];

describe("the laws of motion", () => {
  test("two particles on a spring swing as they should", () => {
    const scene = sceneOf(
      "springs",
      [
        [1, 0, 0, 0.3],
        [-1, 0, 0, -0.3],
      ],
      1,
    );
    advance(scene, 4000);
    // Their distance d has d'' = -2 * 0.1 d.
    const phase = Math.sqrt(0.2) * 4;
    expect(scene.x[0]! - scene.x[1]!).toBeCloseTo(2 * Math.cos(phase), 6);
    expect(scene.y[0]! - scene.y[1]!).toBeCloseTo((0.6 * Math.sin(phase)) / Math.sqrt(0.2), 6);
  });

  test.each([1, -1])(
    "two charges whose product is %i move apart or together, by the force of their distance",
    (product) => {
      const scene = sceneOf(
        "charges",
        [
          [1, 0, 0, 0],
          [-1, 0, 0, 0],
        ],
        product,
      );
      const before = energyOf(scene);
      advance(scene, 100);
      // Both are pushed by 1/4 for 0.1.
      expect(scene.velocityX[0]).toBeCloseTo(product * 0.025, 4);
      expect(scene.velocityX[1]).toBe(-scene.velocityX[0]!);
      expect(energyOf(scene)).toBeCloseTo(before, 8);
    },
  );

  test("energy and momentum are conserved far from the walls", async () => {
    const corners: [number, number, number, number][] = [
      [1, 0, 0.3, 0.4],
      [-1, 1, 0.5, 0],
      [0, -1.5, 0, -0.5],
    ];
    // Charges that attract each other may come so near that steps are too long for them: these do not.
    for (const scene of [...(await drawn("springs", 8)), sceneOf("charges", corners, 1)]) {
      const [energy, momentum] = [energyOf(scene), momentumOf(scene)];
      advance(scene, 2000);
      expect(Math.abs(energyOf(scene) - energy)).toBeLessThan(1e-6);
      momentumOf(scene).forEach((component, i) => {
        expect(component).toBeCloseTo(momentum[i]!, 10);
      });
    }
  });

  test("steps of half the length leave a quarter of the error", async () => {
    const [scene] = (await drawn("springs", 1)) as [Scene];
    const placesAfter = (steps: number) => {
      const moved = copyOf(scene);
      advance(moved, steps, 4 / steps);
      return [...moved.x, ...moved.y];
    };
    const [coarse, middle, fine] = [placesAfter(50), placesAfter(100), placesAfter(200)];
    const errorOf = (a: number[], b: number[]) => Math.hypot(...a.map((value, i) => value - b[i]!));
    expect(errorOf(coarse!, middle!) / errorOf(middle!, fine!)).toBeCloseTo(4, 1);
  });

  test("advancing in parts is advancing at once", async () => {
    const [scene] = (await drawn("charges", 1)) as [Scene];
    const parts = copyOf(scene);
    advance(scene, 300);
    for (let part = 0; part < 3; part++) advance(parts, 100);
    for (const [i, x] of scene.x.entries()) expect(parts.x[i]).toBeCloseTo(x, 10);
  });

  test("walls reflect, and take nothing", () => {
    const scene = sceneOf(
      "springs",
      [
        [4, -4.5, 2, -1.5],
        [0, 0, 0, 0],
      ],
      0,
    );
    advance(scene, 8000);
    // Without walls it would be at 20 and -16.5: it is folded back into the box.
    expect(scene.x[0]).toBeCloseTo(0, 9);
    expect(scene.y[0]).toBeCloseTo(3.5, 9);
    expect([Math.abs(scene.velocityX[0]!), Math.abs(scene.velocityY[0]!)]).toEqual([2, 1.5]);
  });

  test("no force changes a velocity by more than a tenth in a step", () => {
    const scene = sceneOf(
      "charges",
      [
        [0, 0, 0, 0],
        [1e-4, 0, 0, 0],
      ],
      1,
    );
    advance(scene, 1);
    expect(scene.velocityX[0]).toBeCloseTo(-0.1, 12);
    expect(scene.velocityX[1]).toBeCloseTo(0.1, 12);
  });
});

describe("how simulations begin", () => {
  // Each bound is five standard errors of the mean: a false alarm once in a million seeds.
  test("springs join every other pair, symmetrically, and nothing itself", async () => {
    const all = await drawn("springs", 500);
    const springs = all.flatMap(({ interactions }) => [...interactions]);
    expect(Math.abs(sum(springs) / (500 * 20) - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / (500 * 10)));
    for (const { interactions } of all) {
      for (let i = 0; i < 5; i++) {
        expect(interactions[6 * i]).toBe(0);
        for (let j = 0; j < i; j++) expect(interactions[5 * i + j]).toBe(interactions[5 * j + i]);
      }
    }
  });

  test("charges are products of signs", async () => {
    const all = await drawn("charges", 500);
    for (const { interactions } of all) {
      const triple = interactions[1]! * interactions[2]! * interactions[5 + 2]!;
      expect(triple).toBe(1);
    }
    expect(Math.abs(mean(all.map(({ interactions }) => interactions[1]!)))).toBeLessThan(5 / Math.sqrt(500));
  });

  test.each([
    ["springs", 0.5],
    ["charges", 1],
  ] as const)("%s spread by %d, with a speed of one half", async (system, spread) => {
    const all = await drawn(system, 400);
    const places = all.flatMap(({ x, y }) => [...x, ...y]);
    const variance = mean(places.map((place) => place ** 2));
    expect(Math.abs(variance / spread ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / places.length));
    for (const { velocityX, velocityY } of all) {
      for (const [i, vx] of velocityX.entries()) expect(Math.hypot(vx, velocityY[i]!)).toBeCloseTo(0.5, 12);
    }
    const directions = all.flatMap(({ velocityX, velocityY }) => [...velocityX, ...velocityY]);
    expect(Math.abs(mean(directions))).toBeLessThan((5 * 0.5) / Math.sqrt(2 * directions.length));
  });
});

describe("simulations", () => {
  const wish = { system: "springs", particles: 3, count: 4, frames: 2, seed: 9, part: "train" } as const;

  test("are the same bytes for the same seed, and others for another seed and another part", async () => {
    const [first, again] = [await simulate(wish), await simulate(wish)];
    expect(again).toEqual(first);
    expect((await simulate({ ...wish, seed: 10 })).paths).not.toEqual(first.paths);
    expect((await simulate({ ...wish, part: "test" })).paths).not.toEqual(first.paths);
  });

  test("of few are the first of many", async () => {
    const [few, many] = [await simulate(wish), await simulate({ ...wish, count: 300, frames: 1 })];
    expect(many.paths.subarray(0, 4)).toEqual(few.paths.subarray(0, 4));
    expect(many.edges.subarray(0, few.edges.length)).toEqual(few.edges);
  });

  test("keep every hundredth step, from the hundredth on", async () => {
    const { paths, edges } = await simulate({ ...wish, count: 1 });
    for await (const scene of scenes({ ...wish, count: 1 })) {
      expect([...edges]).toEqual([...scene.interactions]);
      for (const frame of [0, 1]) {
        advance(scene, 100);
        const at = (particle: number) => [
          ...paths.subarray((particle * 2 + frame) * 4, (particle * 2 + frame + 1) * 4),
        ];
        for (const particle of [0, 1, 2]) {
          const { x, y, velocityX, velocityY } = scene;
          expect(at(particle)).toEqual([x, y, velocityX, velocityY].map((all) => Math.fround(all[particle]!)));
        }
      }
    }
  });

  test("stay in the box", async () => {
    const { paths } = await simulate({ ...wish, count: 3, frames: 99 });
    for (let at = 0; at < paths.length; at += 4) {
      expect(Math.abs(paths[at]!)).toBeLessThanOrEqual(WALL);
      expect(Math.abs(paths[at + 1]!)).toBeLessThanOrEqual(WALL);
    }
  });

  test.each([
    [{ particles: 1 }, "simulate: particles must be a whole number from 2 to 255, got 1."],
    [{ count: 0 }, "simulate: count must be a whole number from 1 to"],
    [{ frames: 1.5 }, "simulate: frames must be a whole number from 1 to"],
  ])("%j are refused", async (values, message) => {
    await expect(simulate({ ...wish, ...values })).rejects.toThrow(message);
  });
});
