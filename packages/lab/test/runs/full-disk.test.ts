import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { afterAll, afterEach, test as anyTest, beforeAll, expect, type TestContext } from "vitest";
import { createRun, type OpenRun } from "../../src/runs/run.ts";

/** A real file system of 256 kB, mounted on a folder; that takes Linux and its superuser. */
let disk = "";
let obstacle: string | undefined;

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), "softdraw-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "pipe" });
  } catch (error) {
    obstacle = `no small disk to fill up: ${(error as Error).message.trim()}`;
    console.warn(`skipped: ${obstacle}`);
  }
});

afterEach(() => rm(join(disk, "filler"), { force: true }));

afterAll(async () => {
  if (obstacle === undefined) execFileSync("umount", [disk]);
  await rm(disk, { recursive: true });
});

const test = (name: string, body: () => Promise<void>) =>
  anyTest(name, (context: TestContext) => {
    context.skip(obstacle !== undefined, obstacle);
    return body();
  });

const info = { experiment: "toy", version: "0.0.0", created: new Date().toISOString(), command: "", config: {} };

const checkpointOf = (value: number): Checkpoint => ({
  tensors: { weight: { shape: [10_000], data: new Float32Array(10_000).fill(value) } },
  metadata: {},
});

const isFull = { code: "ENOSPC" };

async function fillDisk(): Promise<void> {
  const filler = join(disk, "filler");
  await expect(writeFile(filler, new Uint8Array(1 << 20))).rejects.toMatchObject(isFull);
}

async function expectFull(writing: Promise<void>, file: string): Promise<void> {
  await expect(writing).rejects.toMatchObject({
    message: `cannot write ${file}: the disk is full (ENOSPC)`,
    cause: isFull,
  });
}

async function contents(run: OpenRun) {
  const names = (await readdir(run.path)).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(run.path, name), "latin1")]));
}

test("a full disk is named, nothing is lost, and the run goes on when there is room again", async () => {
  const run = await createRun(disk, info);
  await run.appendMetrics({ epoch: 1 });
  await run.saveCheckpoint(checkpointOf(1));
  const before = await contents(run);

  await fillDisk();
  const long = { note: "x".repeat(50_000) };
  await expectFull(run.saveCheckpoint(checkpointOf(2)), join(run.path, "checkpoint.safetensors"));
  await expectFull(run.writeFile("report.html", long.note), join(run.path, "report.html"));
  await expectFull(run.appendMetrics(long), join(run.path, "metrics.jsonl"));
  expect(await contents(run)).toEqual(before);

  await rm(join(disk, "filler"));
  await run.appendMetrics({ epoch: 2 });
  await run.saveCheckpoint(checkpointOf(2));
  expect(await run.readMetrics()).toEqual([{ epoch: 1 }, { epoch: 2 }]);
  expect((await run.loadCheckpoint())?.tensors).toEqual(checkpointOf(2).tensors);
  await run.close();
});

test("a run that cannot be begun on a full disk leaves nothing", async () => {
  const before = (await readdir(disk)).sort();
  await fillDisk();
  await expect(createRun(disk, info)).rejects.toThrow("the disk is full (ENOSPC)");
  expect((await readdir(disk)).sort()).toEqual([...before, "filler"].sort());
});
