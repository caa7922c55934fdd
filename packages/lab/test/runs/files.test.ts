import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { removeTemporaryFiles, writeAtomically, writeFailure } from "../../src/runs/files.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();

describe("writeAtomically", () => {
  test("makes a file, and replaces it", async () => {
    const path = folder.path("report.html");
    await writeAtomically(path, "first, a long text");
    expect(await readFile(path, "utf8")).toBe("first, a long text");
    await writeAtomically(path, Uint8Array.of(104, 105));
    expect(await readFile(path, "utf8")).toBe("hi");
    expect(await readdir(folder.path())).toEqual(["report.html"]);
  });

  test("does not put a file in the place of a device or a pipe", async () => {
    spawnSync("mkfifo", [folder.path("pipe")]);
    const reason = "it is a device or a pipe, and no file";
    await expect(writeAtomically(folder.path("pipe"), "new")).rejects.toThrow(reason);
    await expect(writeAtomically("/dev/null", "new")).rejects.toThrow(`cannot write /dev/null: ${reason}`);
    expect(await readdir(folder.path())).toEqual(["pipe"]);
  });

  test("leaves what was there, and nothing else, when it fails", async () => {
    await mkdir(folder.path("taken"));
    await writeFile(folder.path("taken/old"), "old");
    await expect(writeAtomically(folder.path("taken"), "new")).rejects.toThrow(
      `cannot write ${folder.path("taken")}: a folder has that name (EISDIR)`,
    );
    expect(await readdir(folder.path())).toEqual(["taken"]);
    expect(await readFile(folder.path("taken/old"), "utf8")).toBe("old");
  });

  test("says which folder is missing or is none", async () => {
    await expect(writeAtomically(folder.path("no/file"), "new")).rejects.toThrow(
      `cannot write ${folder.path("no/file")}: its folder does not exist (ENOENT)`,
    );
    await writeFile(folder.path("plain"), "text");
    await expect(writeAtomically(folder.path("plain/file"), "new")).rejects.toThrow(
      `cannot write ${folder.path("plain/file")}: a part of its path is not a folder (ENOTDIR)`,
    );
  });

  test("written by several at once, is one of what they wrote", async () => {
    const path = folder.path("file");
    const texts = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(10_000));
    await Promise.all(texts.map((text) => writeAtomically(path, text)));
    expect(texts).toContain(await readFile(path, "utf8"));
    expect(await readdir(folder.path())).toEqual(["file"]);
  });
});

test("removeTemporaryFiles removes what a kill left, and nothing else", async () => {
  for (const name of ["grid.png", "grid.png.0123456789ab.tmp", "lock"]) await writeFile(folder.path(name), "");
  await removeTemporaryFiles(folder.path());
  expect((await readdir(folder.path())).sort()).toEqual(["grid.png", "lock"]);
});

test("writeFailure says in words why, and keeps the cause", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  expect(writeFailure("a/b", full)).toMatchObject({
    message: "cannot write a/b: the disk is full (ENOSPC)",
    cause: full,
  });
  const other = Object.assign(new Error("EXDEV: cross-device link, rename"), { code: "EXDEV" });
  expect(writeFailure("a/b", other).message).toBe("cannot write a/b: EXDEV: cross-device link, rename");
});
