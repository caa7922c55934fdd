/**
 * What a package has when it is installed: the packages are packed as npm would publish them, and unpacked beside what they
 * declare. Here are neither the sources of other packages nor the tools of this repository.
 *
 * Where SOFTDRAW_INSTALL is "registry", npm installs them, with an empty cache, and fetches what they declare; and a model of the
 * tour is trained.
 */

import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { STAGED, stage } from "../build/stage.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../", import.meta.url));
const PACKAGES = STAGED;
const HOOK_TIMEOUT = 300_000;
const byRegistry = process.env.SOFTDRAW_INSTALL === "registry";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly publishConfig?: object;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const manifests = PACKAGES.map(
  (name): Manifest => JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")),
);

/** What `npm run build` makes and is not there. */
const unbuilt = manifests.flatMap(({ exports, publishConfig }, i) => {
  const built = JSON.stringify({ exports, ...publishConfig }).match(/\.\/dist\/[^"*]+/g) ?? [];
  return built.map((path) => join("packages", PACKAGES[i]!, path)).filter((path) => !existsSync(join(root, path)));
});
if (unbuilt.length > 0)
  console.log(`Installed packages are not tried: ${unbuilt.join(", ")} is not built (npm run build).`);
const pageIsBuilt = existsSync(join(root, "packages/lab/page/index.html"));

describe.skipIf(unbuilt.length > 0)("installed", () => {
  let folder = "";
  let packed: Packed[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "softdraw-installed-"));
    packed = await pack(folder);
    if (byRegistry) await install(folder, packed);
    else {
      for (const { name, filename } of packed) await unpack(join(folder, filename), moduleFolder(folder, name));
      await linkDependencies(folder);
    }
  }, HOOK_TIMEOUT);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const program = () => join(moduleFolder(folder, "@softdraw/lab"), "dist/cli/softdraw.js");
  const softdraw = (...args: string[]) => run(process.execPath, [program(), ...args], { cwd: folder });

  test.each(["softdraw", "@softdraw/experiments", "@softdraw/lab"])("%s has no tests, nor what builds it", (name) => {
    const { files } = packed.find((one) => one.name === name)!;
    const folders = new Set(files.filter(({ path }) => path.includes("/")).map(({ path }) => path.split("/")[0]!));
    expect(folders).toContain("dist");
    expect(["dist", "docs", "page", "src"]).toEqual(expect.arrayContaining([...folders]));
  });

  test("nothing is compiled when it is run: there are no sources in it, nor what would compile them", () => {
    for (const { name, files } of packed.filter(
      ({ name }) => name.startsWith("@softdraw/") && name !== "@softdraw/threads",
    )) {
      const sources = files.filter(({ path }) => /(?<!\.d)\.ts$/.test(path)).map(({ path }) => path);
      expect(sources, name).toEqual([]);
      expect(files.some(({ path }) => path.endsWith(".d.ts"))).toBe(true);
    }
    expect(existsSync(moduleFolder(folder, "tsx"))).toBe(false);
  });

  test.runIf(pageIsBuilt)("the lab has the page that it serves", () => {
    const { files } = packed.find(({ name }) => name === "@softdraw/lab")!;
    const lab = join(root, "packages/lab");
    const page = readdirSync(join(lab, "page"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(lab, join(parentPath, name)).replaceAll("\\", "/"));
    expect(page).toEqual(expect.arrayContaining(["page/index.html", "page/licenses.txt"]));
    const licenses = readFileSync(join(lab, "page/licenses.txt"), "utf8");
    for (const name of ["@jax-js/jax", "svelte", "mnist", "@fontsource-variable/source-sans-3"]) {
      expect(licenses).toMatch(new RegExp(`^## ${name} .*\n+\`\`\`text`, "m"));
    }
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(page));
  });

  test("softdraw --version is the lab's", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "packages/lab/package.json"), "utf8"));
    expect(await softdraw("--version")).toEqual({ stdout: `${version}\n`, stderr: "" });
  });

  test("softdraw train trains, with threads, and writes the report", async () => {
    const options = ["--epochs", "1", "--steps", "3", "--batch", "4", "--threads", "2", "--json"];
    const { stdout, stderr } = await softdraw("train", "sort", ...options);
    expect(stderr).toBe("");
    const records: { type: string; report?: string }[] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map(({ type }) => type)).toEqual(["run", "epoch", "result", "finished"]);
    expect(existsSync(join(folder, records.at(-1)!.report!))).toBe(true);
  });

  test("the embedded digits come with it, and are the same bytes", async () => {
    expect(existsSync(moduleFolder(folder, "mnist"))).toBe(false);
    const { stdout } = await softdraw("data", "verify", "digits");
    expect(stdout).toMatch(/^sound {2}.*data\n$/);
  });

  test("softdraw train takes a module that lies elsewhere, and says of TypeScript which Node reads it", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "softdraw-module-"));
    try {
      const [module, typed] = [join(elsewhere, "mine.mjs"), join(elsewhere, "mine.mts")];
      await copyFile(join(root, "packages/lab/test/own/first-of-three.mjs"), module);
      const { stdout, stderr } = await softdraw("train", module, "--json");
      expect(stderr).toBe("");
      expect(stdout).toContain('"type":"finished"');
      await writeFile(typed, "const a: number = 1;\nexport { a };\n");
      await expect(softdraw("train", typed)).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /mine\.mts: expected (JavaScript, got TypeScript, which Node\.js reads from 22\.18 on|an experiment, .*, got no default)/,
        ),
      });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  test.runIf(pageIsBuilt)("softdraw studio serves the page", async () => {
    const child = spawn(process.execPath, [program(), "studio", "--port", "0"], { cwd: folder });
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      let printed = "";
      for await (const part of child.stdout) {
        printed += part;
        if (printed.includes("Ctrl-C")) break;
      }
      const [, url] = /^Studio: (\S+)$/m.exec(printed)!;
      expect(await (await fetch(url!)).text()).toContain("<title>Softdraw studio</title>");
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  });

  test("softdraw select chooses a column of a table, and writes the report", async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${Math.sin(i)},${Math.cos(7 * i)},${Math.sin(i) > 0 ? "yes" : "no"}`,
    );
    await writeFile(join(folder, "table.csv"), ["first,second,target", ...rows].join("\n"));
    const options = ["--target", "target", "--features", "1", "--folds", "2", "--steps", "5", "--json"];
    const { stdout, stderr } = await softdraw("select", "table.csv", ...options);
    expect(stderr).toBe("");
    expect(stdout).toContain('"order":["first"]');
    expect(existsSync(join(folder, "selection.html"))).toBe(true);
  });

  test("softdraw sweep trains in two processes", async () => {
    const options = ["--epochs", "1", "--steps", "2", "--batch", "4", "--workers", "2", "--no-winner", "--json"];
    const { stdout, stderr } = await softdraw("sweep", "sort", "--set", "temperature=1,2", ...options);
    expect(stderr).toBe("");
    expect(stdout).toContain('"type":"finished"');
  });

  test("a program imports each package, and each finds the same library and engine", async () => {
    const lines = [
      'import { numpy as np, random } from "@jax-js/jax";',
      'import { categorical } from "softdraw";',
      'import { defaultThreads } from "@softdraw/threads";',
      'import { experiments } from "@softdraw/experiments/all";',
      'import { meanWithError } from "@softdraw/experiments/mathematics/statistics";',
      'import { loadRun } from "@softdraw/lab/training/load-run";',
      "const [draw] = await categorical.sample(random.key(0), np.array([[0, -Infinity]])).jsAsync();",
      "console.log(draw.join(), experiments[0].name, meanWithError([1, 3]).mean, defaultThreads() >= 1, typeof loadRun);",
    ];
    await writeFile(join(folder, "program.mjs"), lines.join("\n"));
    const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: folder });
    expect(stdout).toBe("1,0 vae 2 true function\n");
  });

  test.runIf(byRegistry)(
    "the program is where npm puts it, and trains the first model of the tour",
    async () => {
      const linked = join(folder, "node_modules/.bin/softdraw");
      const { stdout, stderr } = await run(process.execPath, [linked, "tour", "vae", "--json"], { cwd: folder });
      expect(stderr).toBe("");
      expect(stdout).toContain('"type":"tour"');
    },
    2 * HOOK_TIMEOUT,
  );
});

function moduleFolder(folder: string, name: string): string {
  return join(folder, "node_modules", name);
}

/** Packs what is published of the packages, as it is laid out for that. */
async function pack(folder: string): Promise<Packed[]> {
  const staged = PACKAGES.map((name) => join(folder, "staged", name));
  for (const [i, name] of PACKAGES.entries()) stage(name, { folder: staged[i]!, repository: undefined });
  const args = ["pack", "--json", "--ignore-scripts", `--pack-destination=${folder}`, ...staged];
  const { stdout } = await run("npm", args, { cwd: root, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout);
}

/** As npm installs what is published, where nothing of it is known yet. */
async function install(folder: string, packed: readonly Packed[]): Promise<void> {
  await writeFile(join(folder, "package.json"), '{ "private": true }\n');
  const archives = packed.map(({ filename }) => `./${filename}`);
  await run("npm", ["install", "--no-audit", "--no-fund", "--cache", join(folder, "cache"), ...archives], {
    cwd: folder,
  });
}

async function unpack(archive: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await run("tar", ["-xzf", archive, "--strip-components=1", "-C", target]);
}

/** Links what the packages declare, and nothing else, to what is installed here. */
async function linkDependencies(folder: string): Promise<void> {
  const declared = manifests.flatMap(({ dependencies, peerDependencies }) =>
    Object.keys({ ...dependencies, ...peerDependencies }),
  );
  const own = manifests.map(({ name }) => name);
  for (const name of new Set(declared.filter((name) => !own.includes(name)))) {
    const link = moduleFolder(folder, name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, "node_modules", name), link, "junction");
  }
}
