/** Commands on their way to the device. */

import { counts } from "./webgpu-counts.ts";
import type { Dispatch } from "./webgpu-recording.ts";

/** The commands that wait: in one encoder, and kernels that follow each other in one pass. */
export class OpenBatch {
  waiting = 0;
  readonly #newEncoder: () => GPUCommandEncoder;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  /** What the pass was last told. */
  #pipeline: GPUComputePipeline | undefined;
  #groups: (GPUBindGroup | undefined)[] = [];

  constructor(newEncoder: () => GPUCommandEncoder) {
    this.#newEncoder = newEncoder;
  }

  get isOpen(): boolean {
    return this.#encoder !== undefined;
  }

  dispatch({ pipeline, offsets, grid }: Dispatch, groups: readonly GPUBindGroup[]): void {
    this.#pass ??= this.#beginPass();
    if (pipeline !== this.#pipeline) this.#pass.setPipeline(pipeline);
    this.#pipeline = pipeline;
    for (let i = 0; i < groups.length; i++) this.#setGroup(this.#pass, i, groups[i]!, offsets[i]);
    this.#pass.dispatchWorkgroups(grid[0], grid[1] ?? 1, grid[2] ?? 1);
    counts.dispatches++;
    this.waiting++;
  }

  /** For what is not of a pass. */
  encoder(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = undefined;
    this.#encoder ??= this.#newEncoder();
    return this.#encoder;
  }

  close(): GPUCommandBuffer | undefined {
    if (this.#encoder === undefined) return undefined;
    const commands = this.encoder().finish();
    this.#encoder = undefined;
    this.waiting = 0;
    return commands;
  }

  #beginPass(): GPUComputePassEncoder {
    counts.passes++;
    this.#pipeline = undefined;
    this.#groups = [];
    return this.encoder().beginComputePass();
  }

  #setGroup(pass: GPUComputePassEncoder, index: number, group: GPUBindGroup, offsets: readonly number[] = []): void {
    if (offsets.length > 0) pass.setBindGroup(index, group, [...offsets]);
    else if (group !== this.#groups[index]) pass.setBindGroup(index, group);
    this.#groups[index] = offsets.length > 0 ? undefined : group;
  }
}
