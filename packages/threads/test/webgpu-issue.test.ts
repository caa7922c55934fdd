/** What is asked of WebGPU, in what order and how often: of a device that is made up, and of the software adapter. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newWatch } from "../src/fallback.ts";
import { issueLess } from "../src/webgpu-issue.ts";
import { wholeOutputOf } from "../src/webgpu-kernels.ts";
import { kernelCode, madeUpDevice, USAGES } from "./made-up-device.ts";

const HOME = fileURLToPath(new URL("../", import.meta.url));
const PROGRAM = fileURLToPath(new URL("./webgpu-issue-program.ts", import.meta.url));

let log: string[];
let made: { buffers: number; groups: number };
let device: GPUDevice;
let reasons: string[];

function start(odd = {}): void {
  const madeUp = madeUpDevice(odd);
  reasons = [];
  ({ log, made, device } = madeUp);
  issueLess(
    device,
    newWatch((reason) => reasons.push(reason)),
  );
}

beforeEach(() => start());

const BYTES = 64;
const newArray = (size = BYTES) => device.createBuffer({ size, usage: USAGES.array, mappedAtCreation: false });
const newStaging = (size = BYTES) => device.createBuffer({ size, usage: USAGES.staging, mappedAtCreation: false });

/** A kernel of the engine's form, or one of another form, which writes the last of so many buffers. */
function newPipeline(label: string, buffers: number, code = kernelCode(buffers - 1, BYTES / 4)): GPUComputePipeline {
  const entries = Array.from({ length: buffers }, (_, binding) => ({ binding, visibility: 4 }));
  const layout = device.createPipelineLayout({ bindGroupLayouts: [device.createBindGroupLayout({ entries })] });
  return device.createComputePipeline({ label, layout, compute: { module: device.createShaderModule({ code }) } });
}

/** As the engine dispatches a kernel: an encoder, a pass, a bind group and a submit for it. */
function dispatch(pipeline: GPUComputePipeline, ...buffers: GPUBuffer[]): void {
  const encoder = device.createCommandEncoder();
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const pass = encoder.beginComputePass({ timestampWrites: undefined } as unknown as GPUComputePassDescriptor);
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(2, 1);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

/** As the engine reads an array. */
async function read(buffer: GPUBuffer, size = BYTES): Promise<void> {
  const staging = newStaging(size);
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  staging.getMappedRange();
  staging.destroy();
}

/** What the program on the software adapter prints. */
function outcomeOf(way: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...RUN_SOURCES, PROGRAM, way], {
    cwd: HOME,
    encoding: "utf8",
    env: { ...process.env, ...SOFTWARE_ADAPTER },
  });
  return { status, stderr, ...(status === 0 ? JSON.parse(stdout) : {}) };
}

const numbers = (bytes = BYTES) => new Uint8Array(bytes);

describe("commands", () => {
  test("of many kernels are one pass and one submit, when something is read", async () => {
    const [fill, add] = [newPipeline("fill", 1), newPipeline("add", 2)];
    const [a, b] = [newArray(), newArray()];
    dispatch(fill, a);
    dispatch(add, a, b);
    expect(log).toEqual([]);
    await read(b);
    expect(log).toEqual([
      "submit [pass, fill(array0) x 2, add(array0 array1) x 2, end, copy array1 0 staging2 0 64]",
      "map staging2",
    ]);
  });

  test("are submitted before anything else runs, though nothing is read", async () => {
    dispatch(newPipeline("fill", 1), newArray());
    expect(log).toEqual([]);
    await Promise.resolve();
    expect(log).toEqual(["submit [pass, fill(array0) x 2, end]"]);
  });

  test("of many kernels are submitted piece by piece, so that the device can begin", () => {
    const fill = newPipeline("fill", 1);
    const array = newArray();
    for (let i = 0; i < 70; i++) dispatch(fill, array);
    expect(log.map((line) => line.split("fill").length - 1)).toEqual([32, 32]);
  });

  test("that use what the host writes come before it", () => {
    const [array, result] = [newArray(), newArray()];
    device.queue.writeBuffer(array, 0, numbers());
    dispatch(newPipeline("add", 2), array, result);
    device.queue.writeBuffer(array, 4, numbers(4));
    expect(log).toEqual(["write array0 0 64", "submit [pass, add(array0 array1) x 2, end]", "write array0 4 4"]);
  });

  test("stay in order with clearings, copies, other people's commands, error scopes and the end", async () => {
    const fill = newPipeline("fill", 1, "fn main() {}");
    const [a, b] = [newArray(), newArray()];
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(a);
    device.queue.submit([encoder.finish()]);
    dispatch(fill, b);
    device.pushErrorScope("validation");
    dispatch(fill, b);
    await device.popErrorScope();
    dispatch(fill, b);
    await device.queue.onSubmittedWorkDone();
    dispatch(fill, b);
    device.destroy();
    const submit = "submit [pass, fill(array1) x 2, end]";
    expect(log).toEqual([
      "submit [clear array0, pass, fill(array1) x 2, end]",
      "push validation",
      submit,
      "pop",
      submit,
      "done",
      submit,
      "destroy the device",
    ]);
  });

  test("that are not written down are WebGPU's own, with the right buffers, and in order", () => {
    const fill = newPipeline("fill", 1);
    const array = newArray();
    dispatch(fill, array);
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(array, 0, 4);
    encoder.copyBufferToTexture({ buffer: array }, { texture: {} as GPUTexture }, []);
    const pass = encoder.beginComputePass({ timestampWrites: { querySet: {} as GPUQuerySet } });
    pass.setPipeline(fill);
    pass.dispatchWorkgroupsIndirect(array, 0);
    pass.end();
    device.queue.submit([encoder.finish()]);
    expect(log).toEqual([
      "submit [pass, fill(array0) x 2, end]",
      "submit [clear array0 0 4, show array0, timed pass, fill() x array0, end]",
    ]);
    expect(reasons).toEqual([]);
  });

  test("of a pass that turns out to need WebGPU's own go on there", () => {
    const add = newPipeline("add", 2);
    const [a, b] = [newArray(), newArray()];
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(add);
    const entries = [a, b].map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(0, device.createBindGroup({ layout: add.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(3);
    pass.dispatchWorkgroupsIndirect(a, 0);
    pass.end();
    device.queue.submit([encoder.finish()]);
    expect(log).toEqual(["submit [pass, add(array0 array1) x 3, end, pass, add(array0 array1) x array0, end]"]);
  });

  test("that lack a bind group are WebGPU's own, which says so", () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(newPipeline("fill", 1));
    pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([encoder.finish()]);
    expect(log).toEqual(["submit [pass, fill() x , end]"]);
  });
});

describe("buffers and bind groups", () => {
  /** A step that makes a new state from the old one, whose buffers the engine has in another order each time. */
  function* steps() {
    const [first, second] = [newPipeline("first", 2), newPipeline("second", 3)];
    const free = Array.from({ length: 7 }, () => newArray());
    let state = free.pop()!;
    device.queue.writeBuffer(state, 0, numbers());
    for (;;) {
      const [input, between, next] = [free.pop()!, free.pop()!, free.pop()!];
      device.queue.writeBuffer(input, 0, numbers());
      dispatch(first, input, between);
      dispatch(second, state, between, next);
      free.push(input, state, between);
      state = next;
      yield state;
    }
  }

  test("are used again by a step that is repeated, in whatever order the engine has its buffers", async () => {
    const counts: string[] = [];
    const taken = steps();
    for (let i = 0; i < 200; i++) {
      await read(taken.next().value!);
      counts.push(`${made.buffers} ${made.groups}`);
    }
    expect(new Set(counts.slice(20)).size).toBe(1);
    expect(made.buffers).toBeLessThanOrEqual(7 + 7 + 1);
  });

  test("of what was destroyed serve others of their size, and hold zeros for who has not written to them", async () => {
    const [fill, other] = [newPipeline("fill", 1), newPipeline("other", 1, "fn main() {}")];
    const array = newArray();
    dispatch(fill, array);
    array.destroy();
    dispatch(other, newArray());
    await read(newArray());
    expect(log[0]).toBe(
      "submit [pass, fill(array0) x 2, end, clear array0, pass, other(array0) x 2, end, copy array1 0 staging2 0 64]",
    );
  });

  test("that are destroyed and used again are so for WebGPU, too", async () => {
    const array = newArray();
    device.queue.writeBuffer(array, 0, numbers());
    array.destroy();
    dispatch(newPipeline("fill", 1), array);
    expect(log).toEqual(["write array0 0 64", "destroy array0"]);
    await Promise.resolve();
    expect(log[2]).toBe("submit [pass, fill(array0) x 2, end]");
  });

  test("that somebody else writes in part stay where they are", async () => {
    const [fill, other] = [newPipeline("fill", 2), newPipeline("other", 2, "fn main() {}")];
    const [a, b] = [newArray(), newArray()];
    dispatch(fill, a, b);
    dispatch(other, a, b);
    dispatch(newPipeline("smaller", 2, kernelCode(1, BYTES / 8)), a, b);
    await read(b);
    expect(log[0]).toBe(
      "submit [pass, fill(array0 array1) x 2, other(array0 array1) x 2, smaller(array0 array1) x 2, end, " +
        "copy array1 0 staging2 0 64]",
    );
  });

  test("of more bytes than are kept are destroyed, after what uses them", () => {
    const large = 2 ** 28;
    const arrays = [newArray(large), newArray(large)];
    for (const array of arrays) dispatch(newPipeline("fill", 1, kernelCode(0, large / 4)), array);
    for (const array of arrays) array.destroy();
    expect(log).toEqual(["submit [pass, fill(array0) x 2, fill(array1) x 2, end]", "destroy array0"]);
  });

  test("of constants are one for each content, and no more than a thousand", () => {
    const layout = device.createBindGroupLayout({ entries: [] });
    const groupOf = (value: number) => {
      const buffer = device.createBuffer({ size: 8, usage: USAGES.uniform, mappedAtCreation: true });
      new Uint32Array(buffer.getMappedRange()).set([value, 1]);
      buffer.unmap();
      return device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer, size: 8 } }] });
    };
    expect(groupOf(1)).toBe(groupOf(1));
    expect(groupOf(2)).not.toBe(groupOf(1));
    expect(made).toEqual({ buffers: 2, groups: 2 });
    for (let i = 0; i <= 1024; i++) groupOf(i);
    expect(log.filter((line) => line.startsWith("destroy"))).toHaveLength(1024);
  });

  test("of no bytes are read when all that was asked for is done, and all of those wait for the same", async () => {
    const array = newArray();
    dispatch(newPipeline("fill", 1), array);
    await Promise.all([read(array, 0), read(array, 0), read(array, 0)]);
    expect(log).toEqual(["submit [pass, fill(array0) x 2, end, clear staging1]", "map staging1"]);
  });
});

test("a device that is asked for something new is from then on asked as the engine asks, and that is said once", () => {
  start({ hasMore: true });
  const fill = newPipeline("fill", 1);
  const array = newArray();
  dispatch(fill, array);
  const { fuse } = device as unknown as { fuse(buffer: GPUBuffer): void };
  for (let i = 0; i < 2; i++) fuse(array);
  for (let i = 0; i < 2; i++) dispatch(fill, array);
  dispatch(fill, newArray());
  const submit = "submit [pass, fill(array0) x 2, end]";
  expect(log).toEqual([submit, "fuse array0", "fuse array0", submit, submit, submit.replace("array0", "array1")]);
  expect(reasons).toEqual(["it calls fuse of a WebGPU device"]);
});

describe("the code of a kernel", () => {
  const code = kernelCode(1, 16);

  test("says what it writes whole", () => {
    expect(wholeOutputOf(code)).toEqual({ binding: 1, bytes: 64 });
    const two = code.replace("  result[gidx] = 1.0;", "  result[gidx * 2] = 1.0;\n  result[gidx * 2 + 1] = 1.0;");
    expect(wholeOutputOf(two)).toEqual({ binding: 1, bytes: 128 });
    const wide = code.replace("(id.x >= 16)", "(4194304 * id.y + id.x >= 16)");
    expect(wholeOutputOf(wide)).toEqual({ binding: 1, bytes: 64 });
    const grouped = code.replace("(id.x >= 16)", "(16384u * wg_id.y + wg_id.x >= 16u)");
    expect(wholeOutputOf(grouped)).toEqual({ binding: 1, bytes: 64 });
    expect(wholeOutputOf(code.replaceAll("array<f32>", "array<f16>"))).toEqual({ binding: 1, bytes: 32 });
  });

  test.each([
    ["reads what it writes", code.replace("= 1.0", "= result[gidx] + 1.0")],
    ["adds to what is there", code.replace("= 1.0", "+= 1.0")],
    ["writes something else, too", code.replace("var<storage, read> in0", "var<storage, read_write> in0")],
    ["says nowhere where it ends", code.replace(/^ *if .*$/m, "")],
    ["is not the engine's", code.replace("fn nan", "fn none")],
  ])("that %s is none of which that is known", (_, other) => {
    expect(other).not.toBe(code);
    expect(wholeOutputOf(other)).toBeUndefined();
  });
});

describe.skipIf(lacksWebgpu("Issuing less"))("on the software adapter", () => {
  const outcomes = new Map<string, ReturnType<typeof outcomeOf>>();

  beforeAll(() => {
    for (const way of ["layer", "bare"]) outcomes.set(way, outcomeOf(way));
  });

  test("programs compute the same bytes as on WebGPU as it is", () => {
    expect(outcomes.get("layer")).toMatchObject({ status: 0, stderr: outcomes.get("bare")!.stderr });
    expect(Object.keys(outcomes.get("bare")!.read)).toHaveLength(26);
    expect(outcomes.get("layer")!.read).toEqual(outcomes.get("bare")!.read);
  });

  test("a step makes nothing new, and no more in 160 steps", () => {
    expect(outcomes.get("layer")!.perStep).toEqual({
      dispatches: expect.any(Number),
      submits: 1,
      passes: 1,
      bindGroups: 0,
      buffers: 0,
      buffersAlive: 0,
      bytesAlive: 0,
    });
    expect(outcomes.get("layer")!.growth).toMatchObject({ bindGroups: 0, buffers: 0, buffersAlive: 0, bytesAlive: 0 });
  });
});
