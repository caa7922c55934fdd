/** What the page of graphs asks of the engine. */

import type { Scene } from "@softdraw/experiments/graphs/dynamics";
import { scenes } from "@softdraw/experiments/graphs/simulator";

/** How particles on springs begin: as those of the test simulations of a seed, which no model is trained on. */
export async function beginningOfMotion({ particles, seed }: { particles: number; seed: number }): Promise<Scene> {
  const drawn = scenes({ system: "springs", particles, count: 1, seed, part: "test" });
  for await (const scene of drawn) return scene;
  throw new Error("No scene was drawn.");
}
