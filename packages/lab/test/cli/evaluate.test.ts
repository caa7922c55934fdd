import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  call,
  type Finished,
  HOOK_TIMEOUT,
  onlyRun,
  records,
  tinyNeighbours,
  tinyTraining,
  useFolder,
} from "./support.ts";

const folder = useFolder();

describe("an experiment that measures some figures in the last epoch only", () => {
  let home: string;
  let run: string;
  let trained: Finished;

  beforeAll(async () => {
    home = await folder.fresh();
    trained = await call(home, ...tinyNeighbours(folder.path(), 2));
    run = await onlyRun(home);
  }, HOOK_TIMEOUT);

  test("has a dash in the table's other rows", async () => {
    expect(trained).toMatchObject({ code: 0, err: "" });
    const metrics = records(await readFile(join(run, "metrics.jsonl"), "utf8"));
    expect(metrics.map((record) => "test" in record)).toEqual([false, true]);
    expect(trained.out).toMatch(/^1( +-?[\d,.]+){4} +–( +[\d,.]+){2}$/m);
    expect(trained.out).toMatch(/^2( +-?[\d,.]+){7}$/m);
  });

  test("has a dash in the report's table, and a report without what is no number", async () => {
    const report = await readFile(join(run, "report.html"), "utf8");
    const [first, last] = [...report.matchAll(/<tr><th scope="row">\d<\/th>(.*?)<\/tr>/g)].map(([, cells]) => cells!);
    expect(first!.match(/<td>–<\/td>/g)).toHaveLength(1);
    expect(last).not.toContain("–");
    // The bytes of pictures may read as any word.
    expect(report.replace(/data:image[^"]*/g, "")).not.toMatch(/NaN|undefined/);
  });

  test("is evaluated", async () => {
    const { code, out, err } = await call(home, "eval", run, "--examples", "10");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^test accuracy +\d+\.\d\d %/m);
    expect(out).toContain("10 test images");
  });

  test("is refused where its description was changed behind it, even if the model is of the same shape", async () => {
    const [file, description] = [join(run, "config.json"), await readFile(join(run, "config.json"), "utf8")];
    const { config, ...rest } = JSON.parse(description);
    await writeFile(file, JSON.stringify({ ...rest, config: { ...config, k: config.k + 1 } }));
    const { code, out, err } = await call(home, "eval", run);
    await writeFile(file, description);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      `error: ${run} cannot be used: config.json says k ${config.k + 1}, and the checkpoint was trained with ${config.k}\n`,
    );
  });

  test("refuses importance samples, which are the VAE's", async () => {
    const { code, out, err } = await call(home, "eval", run, "--importance-samples", "10");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(`error: --importance-samples: only vae has that, and ${run} is a run of dknn.\n`);
  });
});

test("the VAE has a hundred importance samples without being asked, and takes no number without a bound", async () => {
  const home = await folder.fresh();
  await call(home, ...tinyTraining(folder.path(), 1));
  const run = await onlyRun(home);
  const { code, out } = await call(home, "eval", run, "--examples", "5");
  expect(code).toBe(0);
  expect(out).toContain("(100 importance samples, 5 images");
  const examples = await call(home, "eval", run, "--examples", "1e9");
  expect(examples).toMatchObject({ code: 2, out: "", err: expect.stringContaining("at most 10000000") });
  const samples = await call(home, "eval", run, "--importance-samples", "1e9");
  expect(samples).toMatchObject({ code: 2, out: "", err: expect.stringContaining("at most 1000000") });
});
