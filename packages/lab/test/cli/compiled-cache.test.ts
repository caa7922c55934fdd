/** Nothing is executed that lies where others can write: compiled sources are kept in the checkout. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SOURCE_PROGRAM } from "@softdraw/testing/program";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

const HOME = new URL("../../", import.meta.url);
/** Stands for the system's folder of temporary files, in which another user has been. */
let shared = "";
afterAll(() => rmSync(shared, { recursive: true, force: true }));

const run = (args: readonly string[]) =>
  execFileSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, TMPDIR: shared } });

/** The program as tsx runs it by itself, with its cache where tsx keeps it. */
const runByTsx = () =>
  run([
    ...["--input-type=module", "--eval"],
    `import { register } from "tsx/esm/api";
     register({ tsconfig: ${JSON.stringify(new URL("tsconfig.json", HOME).pathname)} });
     const { main } = await import(${JSON.stringify(new URL("src/cli/main.ts", HOME).href)});
     await main(["--version"]);`,
  ]);

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), "softdraw-shared-"));
});

test("a file that is planted in the shared folder for temporary files is not executed", () => {
  expect(runByTsx()).toBe(`${packageJson.version}\n`);
  const kept = filesIn(shared);
  expect(kept.length).toBeGreaterThan(3);
  for (const path of kept) {
    const { code, ...rest } = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ code: `console.log("planted");${code}`, ...rest }));
  }
  expect(runByTsx()).toContain("planted");
  expect(run([SOURCE_PROGRAM, "--version"])).toBe(`${packageJson.version}\n`);
});

test("nothing is kept there", () => {
  rmSync(shared, { recursive: true, force: true });
  expect(run([SOURCE_PROGRAM, "--version"])).toBe(`${packageJson.version}\n`);
  expect(() => readdirSync(shared)).toThrow("ENOENT");
});
