/** Which package, and which part of one, may use what. */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, onTestFinished, test } from "vitest";
import { brokenBoundaries } from "./boundaries/imports.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("imports", () => {
  test("stay in their package, keep the lab's layers, and bring nothing but the engine into the library", () => {
    const paths = sourcePaths("packages");
    expect(paths.length).toBeGreaterThan(300);
    expect(paths.flatMap((path) => brokenBoundaries({ path, text: read(path) }))).toEqual([]);
  });

  test.each([
    [
      "packages/experiments/src/jigsaw/method.ts",
      'import { a } from "./model.ts";\nimport { b } from "../../../softdraw/src/rows.ts";\n',
      "2: ../../../softdraw/src/rows.ts leads out of packages/experiments/",
    ],
    [
      "packages/lab/test/made-up.ts",
      'const page = new URL("../../studio/dist/", import.meta.url);\n',
      "1: ../../studio/dist/ leads out of packages/lab/",
    ],
    [
      "packages/lab/build/made-up.js",
      'await import("../../lab-tools/index.js");\n',
      "1: ../../lab-tools/index.js leads out of packages/lab/",
    ],
    [
      "packages/studio/src/MadeUp.svelte",
      '<p>none</p>\n<script lang="ts">\nexport { a } from "../../lab/src/runs/run.ts";\n</script>\n',
      "3: ../../lab/src/runs/run.ts leads out of packages/studio/",
    ],
    [
      "packages/lab/src/sweeps/made-up.ts",
      'import type { Table } from "../cli/output.ts";\n',
      "1: ../cli/output.ts is in cli/, which sweeps/ does not import from",
    ],
    [
      "packages/lab/src/training/made-up.ts",
      'import { main } from "@softdraw/lab/cli/main";\n',
      "1: @softdraw/lab/cli/main is in cli/, which training/ does not import from",
    ],
    [
      "packages/lab/src/plugins/made-up.ts",
      'import { openRun } from "../runs/run.ts";\n',
      "1: ../runs/run.ts is in a folder that LAB_LAYERS does not know: plugins",
    ],
    [
      "packages/softdraw/src/made-up.ts",
      'import { z } from "zod";\n',
      "1: zod is no part of the library, which imports nothing but the engine",
    ],
    [
      "packages/softdraw/src/made-up.ts",
      'import { cpus } from "node:os";\n',
      "1: node:os is no part of the library, which imports nothing but the engine",
    ],
  ])("in %s: %j is seen", (path, text, expected) => {
    expect(brokenBoundaries({ path, text })).toEqual([`${path}:${expected}`]);
  });
});

/** It is a rule of biome, and part of `npm run lint`. What is tried here is that it is on, for sources and for tests. */
describe("an import that a package does not declare is refused by the linter", () => {
  const undeclared = {
    "packages/experiments/src/made-up.ts": "bullmq",
    "packages/lab/src/made-up.ts": "svelte",
    // What a package declares for its tests is not there where the package is installed.
    "packages/lab/src/for-tests.ts": "fast-png",
    "packages/lab/test/made-up.ts": "svelte",
    "packages/threads/test/made-up.ts": "@softdraw/lab",
    "packages/studio/build/made-up.ts": "commander",
    "test/made-up.ts": "bullmq",
  };
  const declared = { "packages/lab/test/declared.ts": "fast-png", "packages/lab/src/declared.ts": "bullmq" };

  test("and one that it declares is not", async () => {
    const folder = await mkdtemp(join(tmpdir(), "softdraw-boundaries-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const manifests = readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`);
    for (const path of ["biome.json", "package.json", ...manifests]) await write(folder, path, read(path));
    for (const [path, name] of Object.entries({ ...undeclared, ...declared })) {
      await write(folder, path, `import "${name}";\n`);
    }
    expect(refusedByLinter(folder)).toEqual(Object.keys(undeclared).sort());
  });
});

describe("the experiments, which a page may use, are compiled without Node's types", () => {
  const project = "packages/experiments";

  test("by npm run types", () => {
    expect(JSON.parse(read("package.json")).scripts.types).toContain(`tsc --noEmit --project ${project}`);
  });

  test("so that a file that needs Node does not compile", () => {
    const lines = [
      'import { readFileSync } from "node:fs";',
      "export const file = readFileSync;",
      "export const [program] = process.argv;",
      "export const bytes = Buffer.alloc(1);",
      "export const title = document.title;",
    ];
    const found = typeErrorsOf(project, "src/made-up.ts", lines.join("\n"));
    expect(found).toEqual([
      expect.stringContaining("1: Cannot find name 'node:fs'."),
      expect.stringContaining("3: Cannot find name 'process'."),
      expect.stringContaining("4: Cannot find name 'Buffer'."),
    ]);
  });
});

/** All that is written in TypeScript or JavaScript below a folder, built files and installed packages apart. */
function sourcePaths(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory())
      return ["node_modules", "dist", "page", "public"].includes(entry.name) ? [] : sourcePaths(path);
    return /\.(ts|js|svelte)$/.test(entry.name) ? [path] : [];
  });
}

async function write(folder: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

/** The files below a folder with imports that are not declared. */
function refusedByLinter(folder: string): string[] {
  const args = ["lint", "--vcs-enabled=false", "--only=correctness/noUndeclaredDependencies", "--reporter=json"];
  const { stdout } = spawnSync(join(root, "node_modules/.bin/biome"), args, { cwd: folder, encoding: "utf8" });
  const { diagnostics }: { diagnostics: { location: { path: string } }[] } = JSON.parse(stdout);
  return diagnostics.map(({ location }) => location.path).sort();
}

/** What the compiler says of a file that is not there, compiled together with the files of a project. */
function typeErrorsOf(project: string, name: string, text: string): string[] {
  const folder = join(root, project);
  const file = join(folder, name);
  const configuration = join(folder, "tsconfig.json");
  const { config } = ts.readConfigFile(configuration, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder, undefined, configuration);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.readFile = (path) => (path === file ? text : readFile(path));
  const program = ts.createProgram([...fileNames, file], options, host);
  const source = program.getSourceFile(file)!;
  return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    return `${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}
