/**
 * The library's package as it is published: packed, unpacked beside the engine, loaded in both of Node's ways, and compiled by
 * the oldest and the newest compiler that its types are for, with their strictest settings.
 */

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stage } from "../build/stage.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../", import.meta.url));
const library = join(root, "packages/softdraw");

/** A project of its own, with what a user would have installed. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "softdraw-package-"));
  const [built, staged] = [join(project, "dist"), join(project, "staged")];
  await run(process.execPath, [join(library, "build/build.js"), built]);
  stage("softdraw", { folder: staged, repository: undefined, built });
  await run("npm", ["pack", "--pack-destination", project], { cwd: staged });
  const installed = join(project, "node_modules/softdraw");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", "softdraw-0.1.0.tgz", "-C", installed, "--strip-components=1"], { cwd: project });
  await symlink(join(root, "node_modules/@jax-js"), join(project, "node_modules/@jax-js"));
  await symlink(join(root, "packages/typescript-5/node_modules/@webgpu"), join(project, "node_modules/@webgpu"));
}, 120_000);

afterAll(() => rm(project, { recursive: true, force: true }));

describe("in Node", () => {
  const draws = `(async () => {
    console.log(JSON.stringify(await categorical.sample(random.key(0), np.array([0, 1, 2])).jsAsync()));
    console.log(JSON.stringify(await (await permutation.mode(np.array([[0, 1], [1, 0]]))).jsAsync()));
  })();`;

  /** What a program prints, line by line. */
  async function printed(name: string, lines: string[]): Promise<string[]> {
    await writeFile(join(project, name), lines.join("\n"));
    const { stdout } = await run(process.execPath, [name], { cwd: project });
    return stdout.trim().split("\n");
  }

  test("import draws", async () => {
    const lines = await printed("imported.mjs", [
      `import { numpy as np, random } from "@jax-js/jax";`,
      `import { categorical, permutation } from "softdraw";`,
      draws,
    ]);
    expect(lines).toEqual(["[0,0,1]", "[[0,1],[1,0]]"]);
  });

  test("require draws the same", async () => {
    const lines = await printed("required.cjs", [
      `const { numpy: np, random } = require("@jax-js/jax");`,
      `const { categorical, permutation } = require("softdraw");`,
      draws,
    ]);
    expect(lines).toEqual(["[0,0,1]", "[[0,1],[1,0]]"]);
  });

  test("an array of another copy of the engine is said to be one, by every argument that takes arrays", async () => {
    const calls = {
      "bernoulli.entropy: logits": "bernoulli.entropy(np.zeros([3]))",
      "bernoulli.kl: prior": "bernoulli.kl(own.zeros([3]), np.zeros([3]))",
      "categorical.sample: key": "categorical.sample(random.key(0), own.zeros([3]))",
      "categorical.softMode: temperature": "categorical.softMode(own.zeros([3]), { temperature: np.array(1) })",
      "categorical.logProb: value": "categorical.logProb(np.zeros([3]), own.zeros([3]))",
      "subset.mode: logits": "subset.mode(np.zeros([3]), 2)",
      "subset.logProb: indices": "subset.logProb(np.zeros([2], { dtype: np.int32 }), own.zeros([3]))",
      "subset.of(2).logProb: value": "subset.of(2).logProb(np.zeros([3]), own.zeros([3]))",
      "conditionalBernoulli.marginals: logits": "conditionalBernoulli.marginals(np.zeros([3]), 2)",
      "conditionalBernoulli.kl: prior": "conditionalBernoulli.kl(own.zeros([3]), 2, np.zeros([3]))",
      "permutation.mode: logits": "permutation.mode(np.zeros([2, 2]))",
      "permutation.compose: first": "permutation.compose(np.zeros([2, 2]), np.zeros([2, 2]))",
      "permutation.apply: items": "permutation.apply(own.zeros([2, 2]), np.zeros([2]))",
      "assignment.maximize: weights": "assignment.maximize(np.zeros([2, 2]))",
      "noise.gumbelFromBits: bits": "noise.gumbelFromBits(np.zeros([2], { dtype: np.uint32 }))",
      "straightThrough: hard": "straightThrough(own.zeros([2]), np.zeros([2]))",
      "categorical.mode: logits": "jit((l) => categorical.mode(l))(np.zeros([3]))",
    };
    const lines = await printed("mixed.mjs", [
      `import { createRequire } from "node:module";`,
      `import { numpy as own } from "@jax-js/jax";`,
      `import { assignment, bernoulli, categorical, conditionalBernoulli, noise, permutation, straightThrough, subset } from "softdraw";`,
      `const { jit, numpy: np, random } = createRequire(import.meta.url)("@jax-js/jax");`,
      `const attempt = (call) => { try { call(); } catch (error) { console.log(error.message); } };`,
      ...Object.values(calls).map((call) => `attempt(() => ${call});`),
    ]);
    const message =
      "is an array of another copy of @jax-js/jax than the one that softdraw uses. " +
      "Load both in one way, both by import or both by require, and keep one installed version.";
    expect(lines).toEqual(Object.keys(calls).map((argument) => `${argument} ${message}`));
  });
});

describe.each([5, 7])("TypeScript %i", (version) => {
  /**
   * What the compiler has against the programs of both READMEs and one of CommonJS, with changes to the settings
   * needed.
   */
  async function complaints(settings: object = {}): Promise<string> {
    const folder = join(root, "packages", `typescript-${version}`);
    const needed = JSON.parse(await readFile(join(folder, "tsconfig.json"), "utf8"));
    const config = `tsconfig.${version}.json`;
    const compilerOptions = { ...needed.compilerOptions, preserveSymlinks: true, ...settings };
    await writeFile(join(project, config), JSON.stringify({ compilerOptions, files: [...programs, "common.cts"] }));
    const tsc = join(folder, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", config], { cwd: project }).catch((error) => error);
    return stdout;
  }

  const programs: string[] = [];

  beforeAll(async () => {
    for (const readme of ["README.md", "packages/softdraw/README.md"]) {
      const text = await readFile(join(root, readme), "utf8");
      for (const [, code] of text.matchAll(/```ts\n(.*?)```/gs)) {
        const name = `readme-${programs.length}.mts`;
        await writeFile(join(project, name), code!);
        programs.push(name);
      }
    }
    await writeFile(
      join(project, "common.cts"),
      `import { numpy as np, random } from "@jax-js/jax";
       import { categorical, type SinkhornForm, type SubsetOf, subset, type Temperature } from "softdraw";
       const form: SinkhornForm = "log";
       const pairs: SubsetOf = subset.of(2);
       const temperature: Temperature = 1;
       const draw: np.Array = categorical.relax(random.key(0), np.array([0, 1]), { temperature });
       export = { form, pairs, draw };`,
    );
  });

  test("takes the package and the programs of the READMEs with the settings that they name", async () => {
    expect(programs.length).toBeGreaterThanOrEqual(4);
    expect(await complaints()).toBe("");
  });

  test("needs these settings for the engine's declarations, or skips them", async () => {
    const lacking = version === 5 ? { types: [], lib: ["es2023", "dom"] } : { lib: ["es2023"] };
    const said = await complaints(lacking);
    expect(said).toContain("GPUBuffer");
    expect(said).toContain("Float16Array");
    expect(await complaints({ types: [], lib: ["es2023", "dom"], skipLibCheck: true })).toBe("");
  });
});
