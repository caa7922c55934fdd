/** Buffers of constants. */

import { UNIFORM_USAGE } from "./webgpu-usage.ts";

/** Buffers that are kept, at most. */
const MOST_KEPT = 1024;

interface KeptUniform {
  readonly content: Uint8Array;
  readonly buffer: GPUBuffer;
  readonly groups: { readonly layout: GPUBindGroupLayout; readonly size: number; readonly group: GPUBindGroup }[];
}

/** What uniforms need of the device. */
export interface UniformDevice {
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer;
  createBindGroup(descriptor: GPUBindGroupDescriptor): GPUBindGroup;
  flush(): void;
}

/**
 * One buffer for each content, and its bind groups.
 *
 * Upstream: for each call of a kernel with constants, and of each routine, the engine makes a buffer of them, and
 * leaves it.
 */
export class Uniforms {
  readonly #device: UniformDevice;
  readonly #kept = new Map<number, KeptUniform[]>();
  #count = 0;

  constructor(device: UniformDevice) {
    this.#device = device;
  }

  bufferOf(content: ArrayBuffer): GPUBuffer {
    return this.#find(content).buffer;
  }

  /** The group that binds the first bytes of such a buffer. */
  groupOf(layout: GPUBindGroupLayout, content: ArrayBuffer, size: number): GPUBindGroup {
    const { buffer, groups } = this.#find(content);
    const known = groups.find((kept) => kept.layout === layout && kept.size === size);
    if (known !== undefined) return known.group;
    const group = this.#device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer, size } }] });
    groups.push({ layout, size, group });
    return group;
  }

  #find(content: ArrayBuffer): KeptUniform {
    const bytes = new Uint8Array(content);
    const hash = hashOf(new Uint32Array(content, 0, content.byteLength >> 2));
    const known = this.#kept.get(hash)?.find((kept) => areEqual(kept.content, bytes));
    return known ?? this.#add(hash, bytes);
  }

  #add(hash: number, bytes: Uint8Array): KeptUniform {
    if (this.#count === MOST_KEPT) this.#clear();
    this.#count++;
    const content = bytes.slice();
    const buffer = this.#device.createBuffer({
      size: content.length,
      usage: UNIFORM_USAGE,
      mappedAtCreation: true,
    });
    new Uint8Array(buffer.getMappedRange()).set(content);
    buffer.unmap();
    const kept = { content, buffer, groups: [] };
    const others = this.#kept.get(hash);
    if (others === undefined) this.#kept.set(hash, [kept]);
    else others.push(kept);
    return kept;
  }

  #clear(): void {
    this.#device.flush();
    for (const { buffer } of [...this.#kept.values()].flat()) buffer.destroy();
    this.#kept.clear();
    this.#count = 0;
  }
}

/** By Fowler, Noll and Vo, FNV-1a, of words in place of bytes. */
function hashOf(words: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return hash;
}

function areEqual(some: Uint8Array, others: Uint8Array): boolean {
  return some.length === others.length && some.every((byte, i) => byte === others[i]);
}
