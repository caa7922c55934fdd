/** The plan of a relaxed permutation as its temperature falls, a tile for each. */

import type { numpy as np } from "@jax-js/jax";
import { permutation } from "softdraw";
import { type Picture, tileImages } from "./pixels.ts";

export interface PlanTilesOptions {
  readonly temperatures: readonly number[];
  readonly iterations: number;
  /** Pixels each way of an entry of the plan. */
  readonly scale: number;
}

/** @param scores `[n, n]` or `[1, n, n]`, consumed */
export async function planTiles(
  scores: np.Array,
  { temperatures, iterations, scale }: PlanTilesOptions,
): Promise<Picture> {
  const size = scores.shape.at(-1)!;
  const plans: number[] = [];
  for (const temperature of temperatures) {
    plans.push(...(await permutation.softMode(scores.ref, { temperature, iterations }).data()));
  }
  scores.dispose();
  const tiling = { height: size, width: size, columns: temperatures.length, scale, gap: 8 };
  return tileImages(Float32Array.from(plans), tiling);
}
