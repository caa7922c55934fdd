import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { lacksWebgpu, SOFTWARE_ADAPTER, WITHOUT_PACKAGE } from "@softdraw/testing/webgpu";
import { describe, expect, test } from "vitest";

const HOME = fileURLToPath(new URL("../", import.meta.url));
const PROGRAM = fileURLToPath(new URL("./webgpu-program.ts", import.meta.url));
const INSTALL = `
  const { installWebgpu } = await import(${JSON.stringify(new URL("../src/webgpu.ts", import.meta.url).href)});
  await installWebgpu().catch(({ name, message }) => console.log(name + ": " + message));`;

/** What the program prints. It has ended by itself. */
function compute(way: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...RUN_SOURCES, PROGRAM, way], {
    cwd: HOME,
    encoding: "utf8",
    env: { ...process.env, ...SOFTWARE_ADAPTER },
    timeout: 60_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** What `installWebgpu` is rejected with, in a process of its own. */
function refusal(args: readonly string[], environment: object): string {
  const all = [...RUN_SOURCES, ...args, "--input-type=module", "--eval", INSTALL];
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, all, { cwd: HOME, encoding: "utf8", env }).stdout;
}

describe.skipIf(lacksWebgpu("installWebgpu"))("installWebgpu", () => {
  test("has the engine compute on the adapter that it names", () => {
    expect(compute("sound")).toEqual({
      adapter: {
        name: expect.stringContaining("swiftshader"),
        vendor: "google",
        software: true,
        largestArray: expect.any(Number),
        workgroupMemory: expect.any(Number),
        workgroupThreads: expect.any(Number),
      },
      same: true,
      sum: [1000],
      errors: [],
    });
  });

  test.each([
    ["lost", /^WebgpuFailure lost: the graphics card was lost: /],
    ["refused", /^WebgpuFailure refused: the graphics card refused what it was asked to do: .*68719476736/],
  ])("a device that is %s makes every later read an error, and no zeros", (way, message) => {
    const { sum, errors } = compute(way);
    expect(sum).toEqual([1000]);
    expect(errors).toEqual([expect.stringMatching(message), expect.stringMatching(message)]);
  });

  test("says what is needed where there is no adapter", () => {
    const message = refusal([], { VK_DRIVER_FILES: "/nowhere.json" });
    expect(message).toMatch(/^WebgpuUnavailable: WebGPU finds no graphics card, .*libvulkan.*VK_DRIVER_FILES/);
  });
});

test("installWebgpu says what to install where the package is not there", () => {
  const message = refusal(WITHOUT_PACKAGE, {});
  expect(message).toMatch(
    /^WebgpuUnavailable: WebGPU in Node needs the package webgpu: npm install webgpu\. On Linux .*glibc 2\.34.*libvulkan/,
  );
});
