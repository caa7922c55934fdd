import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { makeScratchFolder } from "../../src/runs/scratch.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const make = () => makeScratchFolder("softdraw-test-", folder.path());

/** A folder that a process has left, with a file in it. */
async function left(name: string, pid?: number): Promise<void> {
  await mkdir(folder.path(`${name}/trial-1`), { recursive: true });
  await writeFile(folder.path(`${name}/trial-1/checkpoint.safetensors`), "state");
  const lock = { pid, host: hostname(), since: "2026-01-31T00:00:00.000Z", ticks: null };
  if (pid !== undefined) await writeFile(folder.path(`${name}/lock`), JSON.stringify(lock));
}

test("a folder is locked by its process, and removes those whose process is gone", async () => {
  const first = await make();
  expect(JSON.parse(await readFile(join(first, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
  const dead = spawnSync(process.execPath, ["--version"]).pid;
  await left("softdraw-test-killed", dead);
  await left("softdraw-test-working", process.pid);
  await left("softdraw-test-unknown");
  await left("another-killed", dead);
  await mkdir(folder.path("softdraw-test-just-made"));
  await mkdir(folder.path("softdraw-test-never-locked"));
  const before = new Date(Date.now() - 3_600_000);
  for (const name of ["softdraw-test-never-locked", "softdraw-test-unknown"]) {
    await utimes(folder.path(name), before, before);
  }
  const second = await make();
  expect((await readdir(folder.path())).sort()).toEqual(
    [
      basename(first),
      basename(second),
      "another-killed",
      "softdraw-test-just-made",
      "softdraw-test-unknown",
      "softdraw-test-working",
    ].sort(),
  );
});

test("a place that is none is named", async () => {
  await expect(makeScratchFolder("softdraw-test-", folder.path("none"))).rejects.toThrow(
    `cannot write ${folder.path("none")}: its folder does not exist (ENOENT)`,
  );
});
