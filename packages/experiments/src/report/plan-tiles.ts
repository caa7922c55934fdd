/** The plan of a relaxed permutation as its temperature falls, a tile for each. */

import type { numpy as np } from "@jax-js/jax";
import { type Picture, tileImages } from "./pixels.ts";

export interface PlanTilesOptions {
  /** The plan of scores at a temperature, `[n, n]` or `[1, n, n]`. Consumes the scores. */
  readonly planAt: (scores: np.Array, temperature: number) => np.Array;
  readonly temperatures: readonly number[];
  /** Pixels each way of an entry of the plan. */
  readonly scale: number;
}

/** @param scores whose last axis is as long as the plan, consumed */
export async function planTiles(scores: np.Array, { planAt, temperatures, scale }: PlanTilesOptions): Promise<Picture> {
  const size = scores.shape.at(-1)!;
  const plans: number[] = [];
  for (const temperature of temperatures) plans.push(...(await planAt(scores.ref, temperature).data()));
  scores.dispose();
  const tiling = { height: size, width: size, columns: temperatures.length, scale, gap: 8 };
  return tileImages(Float32Array.from(plans), tiling);
}
