/**
 * Issues the engine's work to WebGPU in fewer calls. What the engine holds are handles; behind them are as many objects
 * of WebGPU as are needed, and they are used again.
 *
 * Upstream: for each kernel the engine makes an encoder, a pass and a bind group, and submits them alone. That takes
 * longer than most kernels do.
 */

import type { Watch } from "./fallback.ts";
import { OpenBatch } from "./webgpu-batch.ts";
import { counts } from "./webgpu-counts.ts";
import {
  BufferHandle,
  GroupHandle,
  type Handle,
  type HandleOwner,
  type Mapping,
  MemoryHandle,
  realized,
  StagingHandle,
  UniformHandle,
  withHandles,
} from "./webgpu-handles.ts";
import { type WholeOutput, wholeOutputOf } from "./webgpu-kernels.ts";
import { type Memory, type MemoryDevice, MemoryPool } from "./webgpu-memory.ts";
import {
  type AnyBuffer,
  type AnyGroup,
  type Clear,
  type Command,
  type Copy,
  type Dispatch,
  type PipelineFacts,
  Recording,
  type RecordingDevice,
} from "./webgpu-recording.ts";
import { areSame, type Position, Tape } from "./webgpu-tape.ts";
import { Uniforms } from "./webgpu-uniforms.ts";
import { ARRAY_USAGE, READ_MODE, STAGING_USAGE, UNIFORM_USAGE } from "./webgpu-usage.ts";

/** Kernels that wait before the device is to begin: it computes while the others are issued. */
const MOST_WAITING = 32;

/** Methods that nothing has to be done for. */
const HARMLESS = new Set([
  "constructor",
  "addEventListener",
  "removeEventListener",
  "dispatchEvent",
  "createTexture",
  "createSampler",
  "importExternalTexture",
  "createRenderPipeline",
  "createRenderPipelineAsync",
  "createQuerySet",
]);
/** Methods that may be given handles, and whose work comes in order with that of others. */
const IN_ORDER = new Set([
  "createRenderBundleEncoder",
  "createResourceTable",
  "writeTexture",
  "copyExternalImageToTexture",
]);

/** Has a device issue the engine's work so from now on. */
export function issueLess(device: GPUDevice, watch: Watch): void {
  new IssuingDevice(device, watch).install();
}

/** What the device did itself, bound to it. */
type Native = Pick<
  GPUDevice,
  | "createBindGroup"
  | "createBindGroupLayout"
  | "createBuffer"
  | "createCommandEncoder"
  | "createComputePipeline"
  | "createComputePipelineAsync"
  | "createPipelineLayout"
  | "createShaderModule"
  | "destroy"
  | "popErrorScope"
  | "pushErrorScope"
> &
  Pick<GPUQueue, "onSubmittedWorkDone" | "submit" | "writeBuffer">;

class IssuingDevice implements HandleOwner, MemoryDevice, RecordingDevice {
  batch = 0;
  readonly #device: GPUDevice;
  readonly #watch: Watch;
  readonly #native: Native;
  readonly #arrays: MemoryPool;
  readonly #staging: MemoryPool;
  readonly #uniforms: Uniforms;
  readonly #tape: Tape;
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #knownLayouts = new WeakSet<GPUBindGroupLayout>();
  readonly #pipelineLayouts = new WeakMap<GPUPipelineLayout, readonly GPUBindGroupLayout[]>();
  readonly #outputs = new WeakMap<GPUShaderModule, WholeOutput>();
  readonly #facts = new WeakMap<GPUComputePipeline, PipelineFacts>();
  readonly #open: OpenBatch;
  #isFlushPlanned = false;
  #errorScopes = 0;
  #fence: { readonly batch: number; readonly passed: Mapping } | undefined;

  constructor(device: GPUDevice, watch: Watch) {
    this.#device = device;
    this.#watch = watch;
    this.#native = nativeOf(device);
    this.#arrays = new MemoryPool(this, ARRAY_USAGE);
    this.#staging = new MemoryPool(this, STAGING_USAGE);
    this.#uniforms = new Uniforms({
      createBuffer: (descriptor) => this.createBuffer(descriptor),
      createBindGroup: (descriptor) => this.#createBindGroup(descriptor),
      flush: () => this.flush(),
    });
    this.#tape = new Tape(() => this.#arrays.forgetWishes());
    this.#open = new OpenBatch(() => this.#native.createCommandEncoder());
  }

  /** Puts itself in place of the device's methods. */
  install(): void {
    const device = this.#device;
    const native = this.#native;
    this.#watchOthers(device);
    this.#watchOthers(device.queue);
    device.createBuffer = (descriptor) => this.#bufferFor(descriptor);
    device.createBindGroupLayout = (descriptor) => this.#layoutFor(descriptor);
    device.createPipelineLayout = (descriptor) => {
      const layout = native.createPipelineLayout(descriptor);
      this.#pipelineLayouts.set(layout, [...descriptor.bindGroupLayouts] as GPUBindGroupLayout[]);
      return layout;
    };
    device.createShaderModule = (descriptor) => {
      const module = native.createShaderModule(descriptor);
      const output = wholeOutputOf(descriptor.code);
      if (output !== undefined) this.#outputs.set(module, output);
      return module;
    };
    device.createComputePipeline = (descriptor) =>
      this.#noteFacts(native.createComputePipeline(descriptor), descriptor);
    device.createComputePipelineAsync = async (descriptor) =>
      this.#noteFacts(await native.createComputePipelineAsync(descriptor), descriptor);
    device.createBindGroup = (descriptor) => this.#groupFor(descriptor);
    device.createCommandEncoder = (descriptor) =>
      this.#watch.reason !== undefined
        ? withHandles(native.createCommandEncoder(descriptor))
        : (new Recording(this, descriptor) as unknown as GPUCommandEncoder);
    device.pushErrorScope = (filter) => {
      this.flush();
      this.#errorScopes++;
      return native.pushErrorScope(filter);
    };
    device.popErrorScope = () => {
      this.flush();
      this.#errorScopes = Math.max(0, this.#errorScopes - 1);
      return native.popErrorScope();
    };
    device.destroy = () => {
      this.flush();
      return native.destroy();
    };
    const { queue } = device;
    queue.submit = (buffers) => this.#submit(buffers);
    queue.writeBuffer = (...args: Parameters<GPUQueue["writeBuffer"]>) => this.#write(args);
    queue.onSubmittedWorkDone = () => {
      this.#read();
      return native.onSubmittedWorkDone();
    };
  }

  /** A buffer of WebGPU's own. */
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    const buffer = this.#native.createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    counts.buffers++;
    counts.buffersAlive++;
    counts.bytesAlive += descriptor.size;
    let isAlive = true;
    buffer.destroy = () => {
      if (isAlive) {
        counts.buffersAlive--;
        counts.bytesAlive -= descriptor.size;
      }
      isAlive = false;
      return destroy();
    };
    return buffer;
  }

  createCommandEncoder(descriptor?: GPUCommandEncoderDescriptor): GPUCommandEncoder {
    return this.#native.createCommandEncoder(descriptor);
  }

  factsOf(pipeline: GPUComputePipeline): PipelineFacts | undefined {
    return this.#facts.get(pipeline);
  }

  encodeFixed(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
    const known = withHandles(encoder);
    for (const command of commands) {
      if (command.kind === "copy") Reflect.apply(known.copyBufferToBuffer, undefined, command.args);
      else if (command.kind === "clear") Reflect.apply(known.clearBuffer, undefined, command.args);
      else {
        const pass = known.beginComputePass();
        pass.setPipeline(command.pipeline);
        for (const [i, group] of command.groups.entries())
          pass.setBindGroup(i, group as GPUBindGroup, command.offsets[i] ?? []);
        pass.dispatchWorkgroups(...command.grid);
        pass.end();
      }
    }
  }

  fix(handle: MemoryHandle): GPUBuffer {
    handle.isFixed = true;
    return this.real(handle);
  }

  real(handle: MemoryHandle): GPUBuffer {
    return this.#memoryOf(handle).real;
  }

  destroy(handle: MemoryHandle): void {
    const { memory } = handle;
    if (memory === undefined) return;
    const pool = this.#poolOf(handle);
    if (memory.real.mapState === "mapped") memory.real.unmap();
    if (handle.isFixed || memory.real.mapState !== "unmapped") pool.drop(memory);
    else pool.release(memory);
    handle.memory = undefined;
  }

  map(handle: StagingHandle, args: Parameters<GPUBuffer["mapAsync"]>): Mapping {
    if (handle.size === 0) return this.#passFence();
    const { real } = this.#memoryOf(handle);
    this.#read();
    return real.mapAsync(...args);
  }

  uniform(content: ArrayBuffer): GPUBuffer {
    return this.#uniforms.bufferOf(content);
  }

  makeGroup(layout: GPUBindGroupLayout, buffers: readonly GPUBuffer[]): GPUBindGroup {
    return this.#createBindGroup({
      layout,
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
  }

  flush(): void {
    const commands = this.#open.close();
    if (commands === undefined) return;
    this.batch++;
    counts.submits++;
    this.#native.submit([commands]);
  }

  #read(): void {
    this.flush();
    this.#tape.rewind();
  }

  /** Passes on what this file does not know; what nobody knows yet is a reason to step back. */
  #watchOthers(target: object): void {
    for (const name of methodsOf(target)) {
      if (HARMLESS.has(name)) continue;
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      Reflect.set(target, name, (...args: unknown[]) => {
        if (!IN_ORDER.has(name)) this.#watch.stepBack(`it calls ${name} of a WebGPU device`);
        this.flush();
        const result = Reflect.apply(method, target, realized(args));
        return name === "createRenderBundleEncoder" ? withHandles(result as object) : result;
      });
    }
  }

  #bufferFor(descriptor: GPUBufferDescriptor): GPUBuffer {
    const handle = this.#handleFor(descriptor);
    if (handle === undefined) return this.#ownBuffer(descriptor);
    // What goes wrong while somebody listens is to be heard by him.
    if (this.#errorScopes > 0) handle.toReal();
    return handle as unknown as GPUBuffer;
  }

  /** What stands for a buffer such as the engine makes. */
  #handleFor(descriptor: GPUBufferDescriptor): Handle | undefined {
    const { size, usage, mappedAtCreation: isMapped = false, label } = descriptor;
    if (this.#watch.reason !== undefined || label !== undefined) return undefined;
    if (usage === UNIFORM_USAGE && isMapped && size % 4 === 0) return new UniformHandle(this, descriptor);
    if (isMapped || size > this.#device.limits.maxBufferSize) return undefined;
    if (usage === ARRAY_USAGE) return new BufferHandle(this, descriptor);
    return usage === STAGING_USAGE ? new StagingHandle(this, descriptor) : undefined;
  }

  /** A buffer of WebGPU's own that somebody else has. Commands that wait may use it. */
  #ownBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    const buffer = this.createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.destroy = () => {
      this.flush();
      return destroy();
    };
    buffer.mapAsync = (...args) => {
      this.#read();
      return mapAsync(...args);
    };
    return buffer;
  }

  /** Layouts of the same content are one, so that their bind groups serve all of their pipelines. */
  #layoutFor(descriptor: GPUBindGroupLayoutDescriptor): GPUBindGroupLayout {
    const content = JSON.stringify({ ...descriptor, entries: [...descriptor.entries] });
    const known = this.#layouts.get(content);
    if (known !== undefined) return known;
    const layout = this.#native.createBindGroupLayout(descriptor);
    this.#layouts.set(content, layout);
    this.#knownLayouts.add(layout);
    return layout;
  }

  #noteFacts(pipeline: GPUComputePipeline, { layout, compute }: GPUComputePipelineDescriptor): GPUComputePipeline {
    const layouts = layout === "auto" ? undefined : this.#pipelineLayouts.get(layout);
    if (layouts === undefined) return pipeline;
    this.#facts.set(pipeline, { layouts, output: this.#outputs.get(compute.module) });
    const getBindGroupLayout = pipeline.getBindGroupLayout.bind(pipeline);
    pipeline.getBindGroupLayout = (index) => layouts[index] ?? getBindGroupLayout(index);
    return pipeline;
  }

  #groupFor(descriptor: GPUBindGroupDescriptor): GPUBindGroup {
    const { layout } = descriptor;
    const isKnown = this.#knownLayouts.has(layout) && this.#watch.reason === undefined;
    const entries = isKnown ? [...descriptor.entries] : [];
    const uniform = entries.length === 1 ? uniformOf(entries[0]!) : undefined;
    if (uniform !== undefined) return this.#uniforms.groupOf(layout, uniform.content, uniform.size);
    const buffers = entries.map(wholeBufferOf);
    if (buffers.length > 0 && !buffers.includes(undefined)) {
      return new GroupHandle(this, layout, buffers as BufferHandle[]) as unknown as GPUBindGroup;
    }
    return this.#createBindGroup(realized(descriptor));
  }

  #createBindGroup(descriptor: GPUBindGroupDescriptor): GPUBindGroup {
    counts.bindGroups++;
    return this.#native.createBindGroup(descriptor);
  }

  #submit(buffers: Iterable<GPUCommandBuffer>): undefined {
    for (const buffer of buffers) {
      if (buffer instanceof Recording) this.#issue(buffer);
      else this.#submitOwn(buffer);
    }
  }

  #submitOwn(commands: GPUCommandBuffer): void {
    this.flush();
    counts.submits++;
    this.#native.submit([commands]);
  }

  #issue(recording: Recording): void {
    if (recording.isSubmitted) this.#submitAgain();
    recording.isSubmitted = true;
    // Somebody wants the device to be woken.
    if (recording.commands.length === 0) this.#submitOwn(this.#native.createCommandEncoder().finish());
    for (const command of recording.commands) this.#encode(command);
    if (this.#open.waiting >= MOST_WAITING || this.#errorScopes > 0) this.flush();
    else this.#planFlush();
  }

  /** WebGPU is to refuse commands that come a second time. */
  #submitAgain(): void {
    const commands = this.#native.createCommandEncoder().finish();
    for (let i = 0; i < 2; i++) this.#submitOwn(commands);
  }

  /** At the latest, commands are handed over when the program that gives them has come to a rest. */
  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.flush();
    });
  }

  #encode(command: Command): void {
    if (command.kind === "dispatch") this.#dispatch(command);
    else if (command.kind === "copy") this.#copy(command);
    else this.#clear(command);
  }

  #dispatch(command: Dispatch): void {
    const position = this.#tape.advance(command.pipeline);
    const { output } = command.facts;
    const groups = command.groups.map((group, i) => this.#bindGroup(group, i === 0 ? output : undefined, position));
    this.#open.dispatch(command, groups);
  }

  #bindGroup(group: AnyGroup, output: WholeOutput | undefined, position: Position): GPUBindGroup {
    if (!(group instanceof GroupHandle)) return realized(group) as GPUBindGroup;
    const memories = this.#memoriesOf(group, output, position);
    if (group.group !== undefined && areSame(group.memories, memories)) return group.group;
    group.memories = memories;
    group.group = position.groupOf(group.layout, memories);
    if (group.group === undefined) {
      const reals = memories.map(({ real }) => real);
      group.group = this.makeGroup(group.layout, reals);
      position.keep({ layout: group.layout, memories, group: group.group });
    }
    return group.group;
  }

  #memoriesOf({ buffers }: GroupHandle, output: WholeOutput | undefined, position: Position): readonly Memory[] {
    const written = output === undefined ? undefined : writtenWhole(buffers, output);
    const memories = buffers.map((buffer) => (buffer === written ? undefined : this.#memoryOf(buffer)));
    if (written !== undefined) {
      written.memory = this.#arrays.renew(written.memory, position, written.size);
      memories[output!.binding] = written.memory;
    }
    for (const memory of memories as Memory[]) this.#noteUse(memory);
    return memories as Memory[];
  }

  #copy({ args: [source, from, target, to, size] }: Copy): void {
    if (size === 0) return;
    const isWhole = target instanceof MemoryHandle && to === 0 && size === target.size;
    const [read, written] = [this.#realOf(source), this.#realOf(target, isWhole)];
    this.#open.encoder().copyBufferToBuffer(read, from, written, to, size);
  }

  #clear({ args: [buffer, ...range] }: Clear): void {
    const real = this.#realOf(buffer, range.length === 0);
    this.#open.encoder().clearBuffer(real, ...range);
  }

  #realOf(buffer: AnyBuffer, isWritten = false): GPUBuffer {
    if (!(buffer instanceof MemoryHandle)) return realized(buffer) as GPUBuffer;
    return this.#noteUse(this.#memoryOf(buffer, isWritten)).real;
  }

  /** What is behind a buffer: zeros, unless something was written or `isWritten` says that it will be. */
  #memoryOf(handle: MemoryHandle, isWritten = false): Memory {
    if (handle.memory !== undefined) return handle.memory;
    const pool = this.#poolOf(handle);
    const memory = pool.take(handle.size);
    handle.memory = memory;
    // WebGPU is to say so.
    if (handle.isDestroyed) pool.drop(memory);
    else if (memory.isUsed && !isWritten) this.#open.encoder().clearBuffer(this.#noteUse(memory).real);
    return memory;
  }

  #noteUse(memory: Memory): Memory {
    memory.batch = this.batch;
    memory.isUsed = true;
    return memory;
  }

  #poolOf(handle: MemoryHandle): MemoryPool {
    return handle instanceof StagingHandle ? this.#staging : this.#arrays;
  }

  #write(args: Parameters<GPUQueue["writeBuffer"]>): undefined {
    const [buffer, ...rest] = args as [AnyBuffer, ...unknown[]];
    const real = buffer instanceof BufferHandle ? this.#writable(buffer, args) : (realized(buffer) as GPUBuffer);
    if (!(buffer instanceof BufferHandle)) this.flush();
    Reflect.apply(this.#native.writeBuffer, undefined, [real, ...rest]);
  }

  /** Memory for what the host writes. Commands that use it are handed over before. */
  #writable(buffer: BufferHandle, [, offset, data, from]: Parameters<GPUQueue["writeBuffer"]>): GPUBuffer {
    const isWhole = offset === 0 && from === undefined && data.byteLength === buffer.size && !buffer.isFixed;
    if (isWhole && !buffer.isDestroyed) {
      buffer.memory = this.#arrays.renew(buffer.memory, this.#tape.advance(buffer.size), buffer.size);
    }
    const memory = this.#memoryOf(buffer);
    if (memory.batch === this.batch) this.flush();
    memory.isUsed = true;
    return memory.real;
  }

  /** Waits for all that was submitted. Who waits at the same time waits for the same. */
  #passFence(): Mapping {
    if (this.#fence?.batch === this.batch && !this.#open.isOpen) return this.#fence.passed;
    const memory = this.#staging.take(4);
    this.#open.encoder().clearBuffer(this.#noteUse(memory).real);
    this.#read();
    const passed = memory.real.mapAsync(READ_MODE).finally(() => {
      if (this.#fence?.passed === passed) this.#fence = undefined;
      if (memory.real.mapState === "mapped") memory.real.unmap();
      this.#staging.release(memory);
    });
    this.#fence = { batch: this.batch, passed };
    return passed;
  }
}

function nativeOf(device: GPUDevice): Native {
  const { queue } = device;
  return {
    createBindGroup: device.createBindGroup.bind(device),
    createBindGroupLayout: device.createBindGroupLayout.bind(device),
    createBuffer: device.createBuffer.bind(device),
    createCommandEncoder: device.createCommandEncoder.bind(device),
    createComputePipeline: device.createComputePipeline.bind(device),
    createComputePipelineAsync: device.createComputePipelineAsync.bind(device),
    createPipelineLayout: device.createPipelineLayout.bind(device),
    createShaderModule: device.createShaderModule.bind(device),
    destroy: device.destroy.bind(device),
    popErrorScope: device.popErrorScope.bind(device),
    pushErrorScope: device.pushErrorScope.bind(device),
    onSubmittedWorkDone: queue.onSubmittedWorkDone.bind(queue),
    submit: queue.submit.bind(queue),
    writeBuffer: queue.writeBuffer.bind(queue),
  };
}

/** The names of an object's methods, down to those of all objects and of all that have events. */
function methodsOf(target: object): Set<string> {
  const names = new Set<string>();
  for (let kind: object = target; kind !== Object.prototype; kind = Object.getPrototypeOf(kind) as object) {
    if (kind === EventTarget.prototype) break;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(kind))) {
      if (typeof value === "function") names.add(name);
    }
  }
  return names;
}

function wholeBufferOf({ binding, resource }: GPUBindGroupEntry, index: number): BufferHandle | undefined {
  const { buffer, offset, size } = resource as unknown as { buffer: unknown; offset?: number; size?: number };
  const isWhole = binding === index && offset === undefined && size === undefined;
  return isWhole && buffer instanceof BufferHandle ? buffer : undefined;
}

function uniformOf({ binding, resource }: GPUBindGroupEntry): { content: ArrayBuffer; size: number } | undefined {
  const { buffer, offset = 0, size } = resource as unknown as { buffer: unknown; offset?: number; size?: number };
  if (binding !== 0 || offset !== 0 || !(buffer instanceof UniformHandle)) return undefined;
  return { content: buffer.content, size: size ?? buffer.size };
}

/** The buffer that a kernel writes whole, if it is as large as that and is bound once. */
function writtenWhole(buffers: readonly BufferHandle[], { binding, bytes }: WholeOutput): BufferHandle | undefined {
  const buffer = buffers[binding];
  if (buffer === undefined || buffer.isFixed || buffer.isDestroyed) return undefined;
  const isOnce = buffers.indexOf(buffer) === binding && buffers.lastIndexOf(buffer) === binding;
  return isOnce && buffer.size === Math.ceil(bytes / 4) * 4 ? buffer : undefined;
}
