/** What the engine holds in place of WebGPU's own buffers and bind groups. */

import type { Memory } from "./webgpu-memory.ts";

/** Stands for an object of WebGPU, which is made when it is needed. */
export abstract class Handle {
  /** The object itself, for a call that is passed on to WebGPU as it is. */
  abstract toReal(): object;
}

// What a handle does not have itself is asked of the object that it stands for.
Object.setPrototypeOf(
  Handle.prototype,
  new Proxy(Object.prototype, {
    get(target, name, handle: Handle) {
      if (typeof name === "symbol" || name in target) return Reflect.get(target, name, handle);
      const real = handle.toReal();
      const value: unknown = Reflect.get(real, name);
      return typeof value === "function" ? passedOn(real, value) : value;
    },
  }),
);

/** The method of an object of WebGPU, for arguments with handles in them. */
function passedOn(real: object, method: object): (...args: unknown[]) => unknown {
  return (...args) => Reflect.apply(method as (...args: unknown[]) => unknown, real, realized(args));
}

/** The same with objects of WebGPU in place of handles, in lists and plain objects as deep as they go. */
export function realized<T>(value: T): T {
  if (value instanceof Handle) return value.toReal() as T;
  if (Array.isArray(value)) return value.map(realized) as T;
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, realized(inner)])) as T;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** An object of WebGPU, used as it is but for arguments with handles in them. What it begins is used so, too. */
export function withHandles<T extends object>(real: T): T {
  return new Proxy(real, {
    get(_, name) {
      const value: unknown = Reflect.get(real, name);
      if (typeof value !== "function") return value;
      const call = passedOn(real, value);
      if (!String(name).startsWith("begin")) return call;
      return (...args: unknown[]) => withHandles(call(...args) as object);
    },
    set: (_, name, value) => Reflect.set(real, name, value),
  });
}

/** Fulfilled when a buffer can be read. */
export type Mapping = ReturnType<GPUBuffer["mapAsync"]>;

/** Makes and ends what handles stand for. */
export interface HandleOwner {
  /** The object of WebGPU, which stays behind the handle from now on. */
  fix(handle: MemoryHandle): GPUBuffer;
  real(handle: MemoryHandle): GPUBuffer;
  destroy(handle: MemoryHandle): void;
  map(handle: StagingHandle, args: Parameters<GPUBuffer["mapAsync"]>): Mapping;
  /** A buffer with this content. */
  uniform(content: ArrayBuffer): GPUBuffer;
  makeGroup(layout: GPUBindGroupLayout, buffers: readonly GPUBuffer[]): GPUBindGroup;
}

/** A buffer whose memory is found when it is first used. */
export abstract class MemoryHandle extends Handle {
  readonly size: number;
  readonly usage: number;
  label = "";
  memory: Memory | undefined;
  /** Whether it stays on its memory, because somebody else knows that. */
  isFixed = false;
  isDestroyed = false;
  protected readonly owner: HandleOwner;

  constructor(owner: HandleOwner, { size, usage }: GPUBufferDescriptor) {
    super();
    this.owner = owner;
    this.size = size;
    this.usage = usage;
  }

  destroy(): undefined {
    if (!this.isDestroyed) this.owner.destroy(this);
    this.isDestroyed = true;
  }

  toReal(): GPUBuffer {
    return this.owner.fix(this);
  }
}

/** The buffer of an array. */
export class BufferHandle extends MemoryHandle {}

/** A buffer that the host reads. */
export class StagingHandle extends MemoryHandle {
  mapAsync(...args: Parameters<GPUBuffer["mapAsync"]>): Mapping {
    return this.owner.map(this, args);
  }

  getMappedRange(...args: Parameters<GPUBuffer["getMappedRange"]>): ArrayBuffer {
    // Of no bytes at all nothing was mapped.
    return this.size === 0 ? new ArrayBuffer(0) : this.owner.real(this).getMappedRange(...args);
  }

  unmap(): undefined {
    if (this.size > 0) this.owner.real(this).unmap();
  }
}

/** A buffer that keeps what it was made with. */
export class UniformHandle extends Handle {
  readonly size: number;
  readonly usage: number;
  label = "";
  readonly content: ArrayBuffer;
  readonly #owner: HandleOwner;

  constructor(owner: HandleOwner, { size, usage }: GPUBufferDescriptor) {
    super();
    this.#owner = owner;
    this.size = size;
    this.usage = usage;
    this.content = new ArrayBuffer(size);
  }

  getMappedRange(offset = 0, size = this.size - offset): ArrayBuffer {
    if (offset > 0 || size < this.size) throw new RangeError("only the whole of a uniform buffer can be written");
    return this.content;
  }

  unmap(): undefined {}

  /** Others of the same content have the same buffer. */
  destroy(): undefined {}

  toReal(): GPUBuffer {
    return this.#owner.uniform(this.content);
  }
}

/** A bind group of whole buffers, which is made for the memory that they are on when it is used. */
export class GroupHandle extends Handle {
  label = "";
  readonly layout: GPUBindGroupLayout;
  readonly buffers: readonly BufferHandle[];
  /** The last one that was made, and for which memory. */
  group: GPUBindGroup | undefined;
  memories: readonly Memory[] = [];
  readonly #owner: HandleOwner;

  constructor(owner: HandleOwner, layout: GPUBindGroupLayout, buffers: readonly BufferHandle[]) {
    super();
    this.#owner = owner;
    this.layout = layout;
    this.buffers = buffers;
  }

  toReal(): GPUBindGroup {
    const buffers = this.buffers.map((buffer) => buffer.toReal());
    return this.#owner.makeGroup(this.layout, buffers);
  }
}
