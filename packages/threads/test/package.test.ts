/** The package as it is published: built, and found by its exports. */

import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

const HOME = fileURLToPath(new URL("../", import.meta.url));
const BUILD = join(HOME, "build/build.js");

let folder: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "softdraw-threads-"));
  installed = join(folder, "node_modules/@softdraw/threads");
  await mkdir(join(installed, "dist"), { recursive: true });
  await writeFile(join(installed, "dist/left.js"), "");
  const { status, stdout } = spawnSync(process.execPath, [BUILD, join(installed, "dist")], { encoding: "utf8" });
  expect(status, stdout).toBe(0);
  await cp(join(HOME, "package.json"), join(installed, "package.json"));
  const [engine] = fileURLToPath(import.meta.resolve("@jax-js/jax")).split("/jax/");
  await symlink(engine!, join(folder, "node_modules/@jax-js"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("nothing is left in it of an earlier build", async () => {
  const files = await readdir(join(installed, "dist"));
  expect(files).toContain("index.js");
  expect(files).not.toContain("left.js");
});

test("the README's programs print what they say", async () => {
  await runExample('import "@softdraw/threads/register"');
  await runExample("installThreads(2)");
});

test.skipIf(lacksWebgpu("The README's program"))(
  "the README's program on a graphics card prints what it says",
  async () => {
    const place = createRequire(import.meta.url).resolve("webgpu/package.json");
    await symlink(dirname(place), join(folder, "node_modules/webgpu"));
    await runExample("installWebgpu()", SOFTWARE_ADAPTER);
  },
);

/** Runs the program in the README that has a certain statement. */
async function runExample(statement: string, environment: object = {}): Promise<void> {
  const readme = await readFile(join(HOME, "README.md"), "utf8");
  const programs = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, text]) => text!);
  const program = programs.find((text) => text.includes(`${statement};`))!;
  await writeFile(join(folder, "example.mjs"), program);
  const env = { ...process.env, ...environment };
  const child = spawnSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8", env });
  expect(child.stderr).toBe("");
  const shown = [...program.matchAll(/\/\/ prints: (.*)/g)].map(([, line]) => line);
  expect(shown.length).toBeGreaterThan(0);
  expect(child.stdout.trim().split("\n")).toEqual(shown);
}

test("its threads start, and compute what one computes", () => {
  const program = `
    const { installThreads, threadStatus } = await import(${JSON.stringify(join(installed, "dist/index.js"))});
    installThreads(2);
    const { numpy: np } = await import("@jax-js/jax");
    let sum;
    for (const end = performance.now() + 1000; performance.now() < end; await new Promise((r) => setTimeout(r, 5))) {
      sum = await np.square(np.array(new Float32Array(65536).fill(2))).sum().data();
    }
    console.log(JSON.stringify({ sum: sum[0], ...threadStatus() }));
  `;
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: HOME,
    encoding: "utf8",
  });
  expect(child.stderr).toBe("");
  expect(JSON.parse(child.stdout)).toEqual({ sum: 4 * 65536, threads: 2 });
});

test("it says that a loop piles up kernels, once, and of a loop that awaits nothing", () => {
  const program = `
    const { keepInstances } = await import(${JSON.stringify(join(installed, "dist/index.js"))});
    keepInstances();
    const { blockUntilReady, grad, jit, numpy: np, random } = await import("@jax-js/jax");
    const loss = (x, key) => np.square(np.dot(random.normal(key, [3, 4]), x)).sum();
    const step = jit(({ x, key }) => {
      const keys = random.split(key);
      const slope = grad(loss)(x.ref, keys.ref.slice(1));
      return { x: x.sub(slope.mul(0.01)), key: keys.slice(0) };
    });
    let state = { x: np.ones([4]), key: random.key(0) };
    for (let i = 0; i < 100; i++) state = await blockUntilReady(step(state));
    for (let i = 0; i < 100; i++) {
      state = step(state);
      state.x.ref.dataSync();
    }
    console.warn("Now it does not await.");
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 100; i++) state = step(state);
      await blockUntilReady(state);
    }
  `;
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(child.stderr.trim().split("\n")).toEqual([
    "Now it does not await.",
    "@softdraw/threads: the kernels of 100 steps or more had piled up before any of them was computed, and each step " +
      "took longer than the one before. Await what a step returns before the next one: " +
      "`await blockUntilReady(state)`, with blockUntilReady from @jax-js/jax.",
  ]);
});

test("it can be required", () => {
  const program = `
    const { installThreads, threadStatus } = require("@softdraw/threads");
    installThreads(2);
    const { numpy: np } = require("@jax-js/jax");
    np.arange(5).sum().data().then(([sum]) => console.log(JSON.stringify({ sum, ...threadStatus() })));
  `;
  const child = spawnSync(process.execPath, ["--input-type=commonjs", "--eval", program], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(child.stderr).toBe("");
  expect(JSON.parse(child.stdout)).toEqual({ sum: 10, threads: 2 });
});

test.each([
  { platform: "browser", module: "@softdraw/threads", expected: "page.js" },
  { platform: "node", module: "@softdraw/threads", expected: "index.js" },
  { platform: "node", module: "@softdraw/threads/page", expected: "page.js" },
] as const)("$module is its $expected for a bundler's platform $platform", async ({ platform, module, expected }) => {
  const contents = `export * from ${JSON.stringify(module)};`;
  const { metafile } = await build({
    stdin: { contents, resolveDir: folder },
    platform,
    bundle: true,
    format: "esm",
    write: false,
    metafile: true,
  });
  const entries = Object.keys(metafile.inputs).filter((path) => /\/(page|index)\.js$/.test(path));
  expect(entries.map((path) => path.split("/").at(-1))).toEqual([expected]);
});
