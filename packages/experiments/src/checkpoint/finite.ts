/** Whether numbers are finite. Apart from what needs the engine, so that every thread of a page may ask. */

import type { TensorData } from "./safetensors.ts";

/** The first number that is not finite; undefined where all are. */
export function firstNotFinite(data: TensorData): number | undefined {
  // Whole numbers are finite by their type.
  if (!(data instanceof Float32Array)) return undefined;
  // A loop, because a callback for each of some millions takes ten times as long.
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return data[i];
  return undefined;
}
