import { copyFile, cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  bytesOf,
  call,
  type Finished,
  HOOK_TIMEOUT,
  onlyRun,
  records,
  softdraw,
  start,
  tinyTraining,
  useFolder,
} from "./support.ts";

const ESCAPE = "\u001b";
const EPOCHS = 3;
const folder = useFolder();
const train = (...more: string[]) => tinyTraining(folder.path(), EPOCHS, ...more);

let trained: { finished: Finished; run: string; config: { command: string; config: Record<string, unknown> } };

beforeAll(async () => {
  const home = await folder.fresh();
  const finished = await softdraw(home, ...train());
  const run = await onlyRun(home);
  trained = { finished, run, config: JSON.parse(await readFile(join(run, "config.json"), "utf8")) };
}, HOOK_TIMEOUT);

/** Trains in a folder of its own, in this process or in another, and returns the run. */
async function trainAgain(train: typeof call, ...args: string[]): Promise<string> {
  const home = await folder.fresh();
  expect(await train(home, ...args)).toMatchObject({ code: 0, err: "" });
  return onlyRun(home);
}

describe("train, in a pipe", () => {
  test("prints the command, the run, a row an epoch, the results and the report, without escape codes", () => {
    const { code, out, err } = trained.finished;
    expect(code).toBe(0);
    expect(err).toBe("");
    expect(out).not.toContain(ESCAPE);
    const lines = out.split("\n");
    expect(lines[0]).toBe(trained.config.command);
    expect(lines[1]).toMatch(/^Run: runs\/vae-\d{4}-\d\d-\d\d-\w{6}$/);
    expect(lines[2]).toMatch(/^epoch +optimized +relaxed +discrete +gap +test +recon +KL +temp +images\/s$/);
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      expect(lines[2 + epoch]).toMatch(new RegExp(`^${epoch}( +-?[\\d,.]+){9}$`));
    }
    for (const name of ["discrete test loss", "reconstruction", "divergence", "soft-hard gap, training"]) {
      expect(out).toMatch(new RegExp(`^${name} +-?[\\d.]+ nats`, "m"));
    }
    expect(out).toMatch(/^Report: runs\/vae-.*\/report\.html$/m);
  });

  test("writes the report, with the command that makes it again, and the pictures", async () => {
    const report = await readFile(join(trained.run, "report.html"), "utf8");
    expect(report).toContain(trained.config.command);
    for (const name of ["samples", "reconstructions", "traversal"]) {
      const png = await readFile(join(trained.run, `${name}.png`));
      expect(png.subarray(1, 4).toString()).toBe("PNG");
    }
    expect(JSON.parse(await readFile(join(trained.run, "result.json"), "utf8")).results).toHaveLength(4);
  });

  test("ends quietly when nobody reads any more", async () => {
    const { child, finished, output } = start(await folder.fresh(), ...train());
    await output("Run:");
    child.stdout!.destroy();
    expect(await finished).toMatchObject({ code: 141, err: "" });
  });
});

describe("train --json", () => {
  test("prints JSON records alone, one a line", async () => {
    const { code, out, err } = await softdraw(await folder.fresh(), ...train("--json"));
    expect(code).toBe(0);
    expect(err).toBe("");
    const [run, ...rest] = records(out);
    expect(run).toMatchObject({ type: "run", command: trained.config.command });
    const epochs = rest.slice(0, EPOCHS);
    expect(epochs.map(({ type, epoch }) => [type, epoch])).toEqual([1, 2, 3].map((epoch) => ["epoch", epoch]));
    const { metrics } = await bytesOf(trained.run);
    expect(epochs.map(({ type: _, imagesPerSecond: __, ...record }) => JSON.stringify(record)).join("\n")).toBe(
      metrics,
    );
    expect(rest.slice(EPOCHS).map(({ type }) => type)).toEqual(["result", "finished"]);
  });
});

describe("the configuration", () => {
  test("is taken from the options, then the file, then the preset, then the defaults", async () => {
    const home = await folder.fresh();
    const file = { epochs: 2, temperature: 0.6, variables: 7, hard: true, data: "mnist", dataDir: folder.path() };
    // Some editors begin a file with a byte-order mark.
    await writeFile(join(home, "options.json"), `\uFEFF${JSON.stringify(file)}`);
    const sources = ["--preset", "tutorial", "--config", "options.json"];
    const options = ["--epochs", "1", "--variables", "5", "--no-hard", "--no-encoder-relu"];
    expect(await call(home, "train", "vae", ...sources, ...options)).toMatchObject({ code: 0, err: "" });
    const { config, command } = JSON.parse(await readFile(join(await onlyRun(home), "config.json"), "utf8"));
    expect(config).toMatchObject({
      epochs: 1,
      variables: 5,
      hard: false,
      encoderRelu: false,
      temperature: 0.6,
      data: expect.stringMatching(/^softdraw-cli-\w+-[0-9a-f]{8}$/),
      initialization: "fan-in",
      schedule: "constant",
      learningRateDecay: "none",
      batch: 100,
      seed: 0,
      classes: 10,
      learningRate: 1e-3,
    });
    expect(command).toContain("--epochs 1 ");
    expect(command).not.toContain("--seed");
  });

  test("a run's config.json makes the same bytes again, and so does its command", async () => {
    const expected = await bytesOf(trained.run);
    const again = await trainAgain(call, "train", "vae", "--config", join(trained.run, "config.json"));
    expect(await bytesOf(again)).toEqual(expected);
    const command = trained.config.command.split(" ");
    expect(command[0]).toBe("softdraw");
    expect(await bytesOf(await trainAgain(call, ...command.slice(1)))).toEqual(expected);
  });

  test("keeps the data's whole path, so that the run can be used from anywhere", async () => {
    const home = await folder.fresh();
    await call(home, ...tinyTraining("..", 1));
    const run = await onlyRun(home);
    expect(JSON.parse(await readFile(join(run, "config.json"), "utf8")).config.dataDir).toBe(folder.path());
    expect(await call(folder.path(), "resume", run)).toMatchObject({ code: 0 });
  });
});

describe("one's own data", () => {
  const name = () => String(trained.config.config.data);

  test("has a name of its own in the configuration, the command and the report", async () => {
    expect(name()).toMatch(/^softdraw-cli-\w+-[0-9a-f]{8}$/);
    expect(trained.config.command).toContain(`--data ${name()} --data-dir ${folder.path()} `);
    const report = (await readFile(join(trained.run, "report.html"), "utf8")).replace(/data:image[^"]*/g, "");
    expect(report).toContain(`${name()}: 200 to train, 40 to test`);
    expect(report).not.toContain("mnist");
  });

  test("is what a run goes on with: other bytes in the folder are refused, and so is a name that they have not", async () => {
    const home = await folder.fresh();
    const other = await folder.fresh();
    for (const file of (await readdir(folder.path())).filter((file) => file.endsWith("ubyte"))) {
      await copyFile(folder.path(file), join(other, file));
    }
    const labels = join(other, "train-labels-idx1-ubyte");
    const changed = (await readFile(labels)).fill(3, 8, 9).fill(4, 9, 10);
    await writeFile(labels, changed);
    const copyWith = async (values: object) => {
      const run = join(home, `run-${Object.values(values).join("-").replaceAll("/", "")}`);
      await cp(trained.run, run, { recursive: true });
      const config = { ...trained.config.config, ...values };
      await writeFile(join(run, "config.json"), JSON.stringify({ ...trained.config, config }));
      return run;
    };
    const moved = await copyWith({ dataDir: other });
    const claimed = await copyWith({ data: "mnist" });
    for (const [args, expected, got] of [
      [["resume", moved], name(), other],
      [["eval", moved, "--examples", "1"], name(), other],
      [["resume", claimed], "mnist", folder.path()],
    ] as const) {
      const { code, out, err } = await call(home, ...args);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain(`error: ${got}: expected the data "${expected}", got files that are "`);
    }
    const asked = ["train", "vae", "--data", name()];
    expect(await call(home, ...asked, "--data-dir", other)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`error: --data: ${other}: expected the data "${name()}"`),
    });
    expect(await call(home, ...asked)).toMatchObject({ code: 2, err: expect.stringContaining("with --data-dir") });
  });
});

test("two threads make the bytes of one", async () => {
  expect(await bytesOf(await trainAgain(softdraw, ...train("--threads", "2")))).toEqual(await bytesOf(trained.run));
});

test("the embedded digits need no other option", async () => {
  const run = await trainAgain(call, "train", "vae", "--epochs", "1", "--batch", "1000", "--network", "linear");
  const [record] = records(await readFile(join(run, "metrics.jsonl"), "utf8"));
  expect(record).toMatchObject({ epoch: 1 });
  expect(await readFile(join(run, "report.html"), "utf8")).toContain("digits: 9,000 to train, 1,000 to test");
});
