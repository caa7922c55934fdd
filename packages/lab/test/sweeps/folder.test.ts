import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readSweep } from "../../src/sweeps/folder.ts";
import { useTemporaryFolder } from "../runs/temporary-folder.ts";

const folder = useTemporaryFolder();

test("a folder without a definition is no sweep", async () => {
  await expect(readSweep(folder.path())).rejects.toThrow(`${folder.path()} is not a sweep: it has no sweep.json`);
});

test("nobody waits for a definition that is a pipe", async () => {
  spawnSync("mkfifo", [folder.path("sweep.json")]);
  const reason = "expected a file, got a folder, a device or a pipe";
  await expect(readSweep(folder.path())).rejects.toThrow(`${folder.path("sweep.json")}: ${reason}`);
});

test.each([
  ["no JSON", 'sweep.json: expected JSON, got "no JSON"'],
  ["{}", "sweep.json does not describe a sweep: "],
])("the definition %s is refused, by name", async (text, message) => {
  await writeFile(folder.path("sweep.json"), text);
  await expect(readSweep(folder.path())).rejects.toThrow(message);
});
