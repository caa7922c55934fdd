/** What reaches WebGPU: calls of its own classes, which whatever lies between them and the engine makes or spares. */

import type { Counts } from "../contestant.ts";

const COUNTED = [
  ["dispatches", "GPUComputePassEncoder", "dispatchWorkgroups"],
  ["submits", "GPUQueue", "submit"],
  ["buffers", "GPUDevice", "createBuffer"],
  ["bindGroups", "GPUDevice", "createBindGroup"],
] as const;

/** Counts from now on. To be called once WebGPU's classes are there. */
export function countCalls(): Counts {
  const counts = { dispatches: 0, submits: 0, buffers: 0, bindGroups: 0 };
  const classes = globalThis as unknown as Record<
    string,
    { prototype: Record<string, (...args: unknown[]) => unknown> }
  >;
  for (const [name, ofClass, method] of COUNTED) {
    const { prototype } = classes[ofClass]!;
    const original = prototype[method]!;
    prototype[method] = function count(...args) {
      counts[name]++;
      return original.apply(this, args);
    };
  }
  return counts;
}
