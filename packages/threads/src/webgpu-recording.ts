/** Command encoders that write down what they are told: to make one of WebGPU's own for each kernel takes longer. */

import { Handle, withHandles } from "./webgpu-handles.ts";
import type { WholeOutput } from "./webgpu-kernels.ts";

/** What is known of a pipeline. */
export interface PipelineFacts {
  readonly layouts: readonly GPUBindGroupLayout[];
  readonly output: WholeOutput | undefined;
}

/** A bind group of WebGPU, or what stands for one. */
export type AnyGroup = GPUBindGroup | Handle;
/** A buffer of WebGPU, or what stands for one. */
export type AnyBuffer = GPUBuffer | Handle;

export interface Dispatch {
  readonly kind: "dispatch";
  readonly pipeline: GPUComputePipeline;
  readonly facts: PipelineFacts;
  readonly groups: readonly AnyGroup[];
  /** Dynamic offsets by group. */
  readonly offsets: readonly (readonly number[] | undefined)[];
  readonly grid: readonly [x: number, y: number | undefined, z: number | undefined];
}

export interface Copy {
  readonly kind: "copy";
  readonly args: readonly [source: AnyBuffer, from: number, target: AnyBuffer, to: number, size: number];
}

export interface Clear {
  readonly kind: "clear";
  readonly args: readonly [buffer: AnyBuffer, offset?: number, size?: number];
}

export type Command = Dispatch | Copy | Clear;

/** What recordings need of the device. */
export interface RecordingDevice {
  createCommandEncoder(descriptor?: GPUCommandEncoderDescriptor): GPUCommandEncoder;
  factsOf(pipeline: GPUComputePipeline): PipelineFacts | undefined;
  /** Encodes commands as they are, on memory that stays. */
  encodeFixed(encoder: GPUCommandEncoder, commands: readonly Command[]): void;
}

/**
 * A command encoder, and the command buffer that it finishes. When it is told something that cannot be written down, it
 * becomes an encoder of WebGPU's own.
 */
export class Recording extends Handle {
  commands: readonly Command[] = [];
  isSubmitted = false;
  readonly #recorded: Command[] = [];
  readonly #device: RecordingDevice;
  readonly #descriptor: GPUCommandEncoderDescriptor | undefined;
  #real: GPUCommandEncoder | undefined;

  constructor(device: RecordingDevice, descriptor: GPUCommandEncoderDescriptor | undefined) {
    super();
    this.#device = device;
    this.#descriptor = descriptor;
  }

  beginComputePass(descriptor?: GPUComputePassDescriptor): GPUComputePassEncoder {
    const isPlain = descriptor === undefined || Object.values(descriptor).every((value) => value === undefined);
    if (this.#real !== undefined || !isPlain) return withHandles(this.toReal()).beginComputePass(descriptor);
    return new RecordedPass(this, this.#device) as unknown as GPUComputePassEncoder;
  }

  copyBufferToBuffer(...args: unknown[]): undefined {
    if (this.#real !== undefined || args.length !== 5) this.#passOn("copyBufferToBuffer", args);
    else this.write({ kind: "copy", args: args as unknown as Copy["args"] });
  }

  clearBuffer(...args: Clear["args"]): undefined {
    if (this.#real !== undefined) this.#passOn("clearBuffer", args);
    else this.write({ kind: "clear", args });
  }

  finish(descriptor?: GPUCommandBufferDescriptor): GPUCommandBuffer {
    if (this.#real !== undefined) return this.#real.finish(descriptor);
    this.commands = this.#recorded;
    return this as unknown as GPUCommandBuffer;
  }

  write(command: Command): void {
    this.#recorded.push(command);
  }

  toReal(): GPUCommandEncoder {
    if (this.#real === undefined) {
      this.#real = this.#device.createCommandEncoder(this.#descriptor);
      this.#device.encodeFixed(this.#real, this.#recorded);
    }
    return this.#real;
  }

  #passOn(name: "copyBufferToBuffer" | "clearBuffer", args: readonly unknown[]): void {
    Reflect.apply(withHandles(this.toReal())[name], undefined, args);
  }
}

/** A compute pass that is written down. */
class RecordedPass extends Handle {
  readonly #encoder: Recording;
  readonly #device: RecordingDevice;
  #pipeline: GPUComputePipeline | undefined;
  #groups: (AnyGroup | undefined)[] = [];
  #offsets: (readonly number[] | undefined)[] = [];
  #real: GPUComputePassEncoder | undefined;

  constructor(encoder: Recording, device: RecordingDevice) {
    super();
    this.#encoder = encoder;
    this.#device = device;
  }

  setPipeline(pipeline: GPUComputePipeline): undefined {
    if (this.#real !== undefined) this.#real.setPipeline(pipeline);
    this.#pipeline = pipeline;
  }

  setBindGroup(index: number, group: AnyGroup | null, offsets?: readonly number[], ...rest: number[]): undefined {
    const isPlain = group !== null && rest.length === 0 && (offsets === undefined || Array.isArray(offsets));
    if (this.#real !== undefined || !isPlain) {
      const pass = withHandles(this.toReal());
      Reflect.apply(pass.setBindGroup, undefined, [index, group, ...(offsets === undefined ? [] : [offsets]), ...rest]);
      return;
    }
    this.#groups[index] = group;
    this.#offsets[index] = offsets;
  }

  dispatchWorkgroups(x: number, y?: number, z?: number): undefined {
    const command = this.#real === undefined ? this.#dispatch([x, y, z]) : undefined;
    if (command === undefined) this.toReal().dispatchWorkgroups(x, y, z);
    else this.#encoder.write(command);
  }

  end(): undefined {
    this.#real?.end();
  }

  toReal(): GPUComputePassEncoder {
    if (this.#real === undefined) {
      this.#real = this.#encoder.toReal().beginComputePass();
      const pass = withHandles(this.#real);
      if (this.#pipeline !== undefined) pass.setPipeline(this.#pipeline);
      for (const [index, group] of this.#groups.entries()) {
        if (group !== undefined) pass.setBindGroup(index, group as GPUBindGroup, this.#offsets[index] ?? []);
      }
    }
    return this.#real;
  }

  /** Undefined where WebGPU may find something wrong: it is to say so itself. */
  #dispatch(grid: Dispatch["grid"]): Dispatch | undefined {
    const pipeline = this.#pipeline;
    const facts = pipeline && this.#device.factsOf(pipeline);
    if (facts === undefined) return undefined;
    const count = facts.layouts.length;
    const groups = this.#groups.slice(0, count);
    if (groups.length !== count || groups.includes(undefined)) return undefined;
    return {
      kind: "dispatch",
      pipeline: pipeline!,
      facts,
      groups: groups as AnyGroup[],
      offsets: this.#offsets.slice(0, count),
      grid,
    };
  }
}
