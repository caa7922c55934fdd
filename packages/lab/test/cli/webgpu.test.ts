/** The command line on WebGPU: the numbers of WebAssembly but for rounding, and what it says where something is missing. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { largestDifference } from "@softdraw/testing/numbers";
import { PROGRAM } from "@softdraw/testing/program";
import { lacksWebgpu, SOFTWARE_ADAPTER, WITHOUT_PACKAGE } from "@softdraw/testing/webgpu";
import { beforeAll, describe, expect, test } from "vitest";
import { call, onlyRun, records, start, startCommand, useFolder } from "./support.ts";

const folder = useFolder();

const lossesOf = async (run: string) =>
  records(await readFile(join(run, "metrics.jsonl"), "utf8")).map(({ loss }) => loss as number);
const descriptionOf = async (run: string) => JSON.parse(await readFile(join(run, "config.json"), "utf8"));

/** Trains in this process, and returns the run. */
async function train(...args: string[]): Promise<string> {
  const home = await folder.fresh();
  expect(await call(home, ...args)).toMatchObject({ code: 0, err: "" });
  return onlyRun(home);
}

describe.skipIf(lacksWebgpu("The command line"))("--device webgpu", () => {
  const training = ["train", "sort", "--epochs", "2", "--steps", "3", "--batch", "4"];
  const adapter = expect.stringMatching(/^swiftshader.*, google, software$/);

  beforeAll(() => {
    Object.assign(process.env, SOFTWARE_ADAPTER);
  });

  test("a training that is stopped there goes on on wasm, and says so", async () => {
    const home = await folder.fresh();
    const { child, output, finished } = start(home, ...training, "--device", "webgpu");
    await output("\n1 ");
    child.kill("SIGINT");
    expect(await finished).toMatchObject({ code: 130, err: expect.stringMatching(/^Saved after step /) });
    const run = await onlyRun(home);
    expect(await descriptionOf(run)).toMatchObject({
      command: expect.stringMatching(/ --device webgpu$/),
      devices: [{ device: "webgpu", adapter, epoch: 1 }],
    });
    expect(await call(home, "resume", run, "--device", "wasm")).toMatchObject({ code: 0, err: "" });
    expect((await descriptionOf(run)).devices).toEqual([
      { device: "webgpu", adapter, epoch: 1 },
      { device: "wasm", epoch: 2 },
    ]);
    const [found, expected] = [await lossesOf(run), await lossesOf(await train(...training))];
    expect(found).toHaveLength(2);
    expect(largestDifference(found, expected)).toBeLessThan(1e-4);
    expect(await readFile(join(run, "report.html"), "utf8")).toMatch(
      /Trained on.*webgpu \(swiftshader.*, google, software\), from epoch 2 wasm/s,
    );
    expect((await call(home, "runs")).out).toContain("webgpu, wasm");
  });

  test("softdraw devices names the adapter and its limits", async () => {
    const { code, out, err } = await call(folder.path(), "devices");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^webgpu +swiftshader.*, google, software: arrays of up to [\d,]+ MiB, workgroups of up to \d+/m,
    );
    const listed = records((await call(folder.path(), "devices", "--json")).out);
    expect(listed.map(({ type, device, available }) => [type, device, available])).toEqual(
      ["wasm", "cpu", "webgpu"].map((device) => ["device", device, true]),
    );
    expect(listed[2]!.adapter).toMatchObject({ vendor: "google", software: true });
  });
});

describe("without the package webgpu", () => {
  const start = (home: string, ...args: string[]) =>
    startCommand(home, process.execPath, [...WITHOUT_PACKAGE, PROGRAM, ...args]).finished;
  const needs =
    /WebGPU in Node needs the package webgpu: npm install webgpu\. On Linux it needs glibc 2\.34 .*libvulkan/;

  test("--device webgpu says what to install, and leaves nothing behind", async () => {
    const home = await folder.fresh();
    const { code, out, err } = await start(home, "train", "sort", "--device", "webgpu");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(new RegExp(`^error: ${needs.source}.*\\n$`));
    expect(await readdir(home)).toEqual([]);
  });

  test("softdraw devices says so, too", async () => {
    const home = await folder.fresh();
    const { code, out } = await start(home, "devices");
    expect(code).toBe(0);
    expect(out).toMatch(/^wasm .*\ncpu .*\nwebgpu +not available\. /);
    expect(out).toMatch(needs);
  });
});
