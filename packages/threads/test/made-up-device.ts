/** A WebGPU device that is made up: it writes down what it is asked for, in order, and computes nothing. */

/** What the engine makes buffers for: arrays, reading, and constants. */
export const USAGES = { array: 128 | 4 | 8, staging: 1 | 8, uniform: 64 };

/** The code of a kernel as the engine writes it, which writes `count` numbers at `binding`. */
export function kernelCode(binding: number, count: number): string {
  const inputs = Array.from({ length: binding }, (_, i) => {
    return `@group(0) @binding(${i}) var<storage, read> in${i} : array<f32>;`;
  });
  return [
    "fn nan() -> f32 { let bits = 0xffffffffu; return bitcast<f32>(bits); }",
    ...inputs,
    `@group(0) @binding(${binding}) var<storage, read_write> result : array<f32>;`,
    "@compute @workgroup_size(1)",
    "fn main(@builtin(global_invocation_id) id : vec3<u32>) {",
    `  if (id.x >= ${count}) { return; }`,
    "  let gidx: i32 = i32(id.x);",
    "  result[gidx] = 1.0;",
    "}",
  ].join("\n");
}

/** What the device is to be unlike WebGPU's own in. */
export interface DeviceOddity {
  /** A method that nobody knows. */
  readonly hasMore?: boolean;
}

/** The device, and what it was asked for so far. */
export function madeUpDevice(odd: DeviceOddity = {}) {
  const log: string[] = [];
  const made = { buffers: 0, groups: 0 };
  const names = new WeakMap<object, string>();
  class Thing {}
  const named = <T extends object>(name: string, value: T): T => {
    names.set(value, name);
    return value;
  };
  const nameOf = (value: unknown) =>
    (typeof value === "object" && value !== null ? names.get(value) : undefined) ?? "?";

  class Buffer {
    readonly size: number;
    readonly usage: number;
    mapState = "unmapped";
    readonly #content: ArrayBuffer;
    constructor({ size, usage, mappedAtCreation }: GPUBufferDescriptor) {
      this.size = size;
      this.usage = usage;
      this.#content = new ArrayBuffer(size);
      if (mappedAtCreation) this.mapState = "mapped";
    }
    async mapAsync() {
      log.push(`map ${nameOf(this)}`);
      this.mapState = "mapped";
    }
    getMappedRange() {
      return this.#content;
    }
    unmap() {
      this.mapState = "unmapped";
    }
    destroy() {
      log.push(`destroy ${nameOf(this)}`);
    }
  }
  class Pass {
    readonly #commands: string[];
    #pipeline = "";
    readonly #groups: string[] = [];
    constructor(commands: string[]) {
      this.#commands = commands;
    }
    setPipeline(pipeline: object) {
      this.#pipeline = nameOf(pipeline);
    }
    setBindGroup(index: number, group: object, offsets: readonly number[] = []) {
      this.#groups[index] = [nameOf(group), ...offsets].join(" + ");
    }
    dispatchWorkgroups(...grid: number[]) {
      this.#commands.push(
        `${this.#pipeline}(${this.#groups.join("; ")}) x ${grid.filter((size) => size > 1).join(" x ")}`,
      );
    }
    dispatchWorkgroupsIndirect(buffer: object) {
      this.#commands.push(`${this.#pipeline}(${this.#groups.join("; ")}) x ${nameOf(buffer)}`);
    }
    end() {
      this.#commands.push("end");
    }
  }
  class Encoder {
    readonly #commands: string[] = [];
    beginComputePass({ timestampWrites }: GPUComputePassDescriptor = {}) {
      this.#commands.push(timestampWrites === undefined ? "pass" : "timed pass");
      return new Pass(this.#commands);
    }
    copyBufferToBuffer(source: object, from: number, target: object, to: number, size: number) {
      this.#commands.push(`copy ${nameOf(source)} ${from} ${nameOf(target)} ${to} ${size}`);
    }
    clearBuffer(buffer: object, ...range: number[]) {
      this.#commands.push(["clear", nameOf(buffer), ...range].join(" "));
    }
    copyBufferToTexture({ buffer }: { buffer: object }) {
      this.#commands.push(`show ${nameOf(buffer)}`);
    }
    finish() {
      return named(this.#commands.join(", "), new Thing());
    }
  }
  class Queue {
    submit(list: Iterable<object>) {
      for (const commands of list) log.push(`submit [${nameOf(commands)}]`);
    }
    writeBuffer(buffer: object, offset: number, data: Uint8Array) {
      log.push(`write ${nameOf(buffer)} ${offset} ${data.byteLength}`);
    }
    async onSubmittedWorkDone() {
      log.push("done");
    }
  }
  class Device {
    readonly queue = new Queue();
    readonly limits = { maxBufferSize: 2 ** 28 };
    createBuffer(descriptor: GPUBufferDescriptor) {
      const kind = { [USAGES.array]: "array", [USAGES.staging]: "staging", [USAGES.uniform]: "uniform" };
      return named(`${kind[descriptor.usage] ?? "buffer"}${made.buffers++}`, new Buffer(descriptor));
    }
    createBindGroupLayout(_descriptor: object) {
      return new Thing();
    }
    createPipelineLayout(_descriptor: object) {
      return new Thing();
    }
    createShaderModule({ code }: { code: string }) {
      return Object.assign(new Thing(), { code });
    }
    createComputePipeline({ label }: { label: string }) {
      return named(label, Object.assign(new Thing(), { getBindGroupLayout: () => new Thing() }));
    }
    async createComputePipelineAsync(descriptor: { label: string }) {
      return this.createComputePipeline(descriptor);
    }
    createBindGroup({ entries }: { entries: { resource: { buffer: object } }[] }) {
      made.groups++;
      return named(entries.map(({ resource }) => nameOf(resource.buffer)).join(" "), new Thing());
    }
    createCommandEncoder() {
      return new Encoder();
    }
    pushErrorScope(filter: string) {
      log.push(`push ${filter}`);
    }
    async popErrorScope() {
      log.push("pop");
      return null;
    }
    destroy() {
      log.push("destroy the device");
    }
  }
  const device = new Device();
  if (odd.hasMore) {
    Object.assign(Device.prototype, { fuse: (buffer: object) => log.push(`fuse ${nameOf(buffer)}`) });
  }
  return { device: device as unknown as GPUDevice, log, made };
}
