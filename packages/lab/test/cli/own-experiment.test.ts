/** An experiment of one's own, in a module. */

import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { call, HOOK_TIMEOUT, onlyRun, records, softdraw, useFolder } from "./support.ts";

const folder = useFolder();
const MODULE = fileURLToPath(new URL("../own/first-of-three.mjs", import.meta.url));

describe("a run of a module", () => {
  let [home, run] = ["", ""];
  let stopped: Awaited<ReturnType<typeof call>>;

  beforeAll(async () => {
    home = await folder.fresh();
    stopped = await call(home, "train", MODULE, "--seed", "5", "--end-after", "1");
    run = await onlyRun(home);
  }, HOOK_TIMEOUT);

  /** Has the run remember something else of its module. */
  async function remember(changed: { path?: string; checksum?: string }): Promise<void> {
    const file = join(run, "config.json");
    const config = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...config, module: { ...config.module, ...changed } }));
  }

  test("remembers its path and the checksum of its text, and is stopped like any other", async () => {
    expect(stopped).toMatchObject({ code: 130, err: expect.stringContaining("Continue with: softdraw resume") });
    const { experiment, module, command } = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
    expect(experiment).toBe("first-of-three");
    expect(module).toEqual({ path: MODULE, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(command).toBe(`softdraw train ${MODULE} --seed 5 --end-after 1`);
  });

  test("goes on to the records of a training that was not stopped, learns, and has a report", async () => {
    expect(await call(home, "resume", run)).toMatchObject({ code: 0, err: "" });
    const whole = await folder.fresh();
    await call(whole, "train", MODULE, "--seed", "5");
    const [metrics, expected] = await Promise.all(
      [run, await onlyRun(whole)].map((path) => readFile(join(path, "metrics.jsonl"), "utf8")),
    );
    expect(metrics).toBe(expected);
    expect(records(metrics!).at(-1)!.first).toBeGreaterThan(80);
    expect(await readFile(join(run, "report.html"), "utf8")).toContain("The first of three");
  });

  test("is listed by what it wrote, and judged by what the module says", async () => {
    const listed = await call(home, "runs");
    expect(listed.out).toMatch(/first-of-three-\S+ +│ finished │ wasm +│ 2 +│ first \d+\.\d %/);
    const { out } = await call(home, "eval", run, "--json");
    expect(records(out)).toEqual([
      { type: "result", results: [expect.objectContaining({ name: "first", unit: "%" })] },
    ]);
  });

  test("of a module that has changed since says so; of one that is gone says what was expected", async () => {
    await remember({ checksum: "0".repeat(64) });
    const changed = await call(home, "eval", run);
    expect(changed).toMatchObject({ code: 0 });
    expect(changed.err).toMatch(
      /^note: \S+first-of-three\.mjs has changed: its SHA-256 began with 00000000, and begins/,
    );
    await remember({ path: join(home, "gone.mjs") });
    const gone = await call(home, "resume", run);
    expect(gone).toMatchObject({ code: 2 });
    expect(gone.err).toBe(
      `error: ${run} is of a module: ${join(home, "gone.mjs")}: expected a module with an experiment, got no such file.\n`,
    );
  });
});

test("its help has the options of its schema", async () => {
  const { code, out } = await call(folder.path(), "train", MODULE, "--help");
  expect(code).toBe(0);
  expect(out).toContain(`Usage: softdraw train ${MODULE} [options]`);
  expect(out).toMatch(/--rate <number> +of the descent \(default: 10\)/);
});

test("in a folder without any package it shares the lab's engine, and is swept in processes of their own", async () => {
  const home = await folder.fresh();
  await copyFile(MODULE, join(home, "mine.mjs"));
  const swept = await softdraw(home, "sweep", "./mine.mjs", "--set", "rate=0.01,10", "--workers", "1", "--no-winner");
  expect(swept).toMatchObject({ code: 0, err: "" });
  expect(swept.out).toContain(`Best: rate 10\n  softdraw train ${join(home, "mine.mjs")}\n`);
});

test("a queue, whose workers have no such module, is refused", async () => {
  const sweep = ["sweep", MODULE, "--set", "rate=1,10", "--queue", "redis://127.0.0.1:1"];
  const { code, err } = await call(await folder.fresh(), ...sweep);
  expect(code).toBe(2);
  expect(err).toContain(`error: --queue: the workers that listen to it do not have ${MODULE}.`);
});

test("a module that waits for ever is refused in one line", async () => {
  const home = await folder.fresh();
  await writeFile(join(home, "waits.mjs"), "await new Promise(() => {});\nexport default {};\n");
  const { code, err } = await softdraw(home, "train", "./waits.mjs");
  const why = "it awaits something at its top level that never comes";
  expect({ code, err }).toEqual({ code: 2, err: `error: ./waits.mjs: cannot be imported: ${why}\n` });
});

describe("is refused in one line:", () => {
  test.each([
    [
      "no export",
      "export const a = 1;",
      "expected an experiment, made by defineExperiment, as the default export, got",
    ],
    ["what throws", "throw new Error('out of\\nluck');", "cannot be imported: out of luck"],
    ["a part of a wrong type", "export default { name: 'mine', title: 3 };", "title: Expected text, got 3."],
    [
      "a name that is taken",
      "export { sorting as default };",
      'name: expected one that no experiment of Softdraw has, got "sort"',
    ],
    [
      "a missing part",
      "export default { ...sorting, name: 'mine', evaluate: undefined };",
      "evaluate: Expected a function, got",
    ],
    [
      "an option without a default",
      "export default { ...sorting, name: 'mine', schema: sorting.schema.extend({ k: z.int() }) };",
      "schema: expected a default of every field: k: Expected a number, got",
    ],
    [
      "an option that the command has",
      "export default { ...sorting, name: 'mine', schema: sorting.schema.extend({ json: z.int().default(1) }) };",
      "schema: Cannot add option '--json'",
    ],
    [
      "an objective that is no column",
      "export default { ...sorting, name: 'mine', objectives: { ...sorting.objectives, relaxed: { key: 'no', goal: 'smallest' } } };",
      "objectives: expected keys of its columns, ",
    ],
  ])("%s", async (_, text, expected) => {
    const at = await folder.fresh();
    const imports = "const { sorting, z } = globalThis.forModules;\n";
    Object.assign(globalThis, { forModules: await partsOfModules() });
    await writeFile(join(at, "mine.mjs"), /sorting|\bz\./.test(text) ? `${imports}${text}` : text);
    const { code, err, out } = await call(at, "train", "./mine.mjs");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^error: \.\/mine\.mjs: [^\n]+\n$/);
    expect(err).toContain(expected);
  });

  test("a path where nothing is", async () => {
    const { code, err } = await call(folder.path(), "train", "./absent.ts");
    expect(code).toBe(2);
    expect(err).toBe("error: ./absent.ts: expected a module with an experiment, got no such file.\n");
  });
});

/** What the modules above are made of: as they lie, they could not import it in this process. */
async function partsOfModules() {
  const { sorting } = await import("@softdraw/experiments/sorting/index");
  const { z } = await import("@softdraw/experiments/define");
  return { sorting, z };
}
