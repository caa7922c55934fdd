import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { type Checkpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { describe, expect, test, vi } from "vitest";
import { createRun, listRuns, type OpenRun, openRun, type RunInfo } from "../../src/runs/run.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

vi.mock("node:crypto", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:crypto")>();
  return { ...original, randomBytes: vi.fn(original.randomBytes) };
});

const folder = useTemporaryFolder();
const root = () => folder.path("runs");

const info: RunInfo = {
  experiment: "categorical-vae",
  version: "0.1.0",
  created: "2026-11-22T23:59:59.000Z",
  command: "softdraw train vae --preset digits",
  config: { seed: 0, temperature: { start: 1, hold: null }, layers: [784, 512] },
};

const checkpoint: Checkpoint = {
  tensors: { weight: { shape: [2], data: Float32Array.of(0.5, -1) }, key: { shape: [2], data: Uint32Array.of(0, 7) } },
  metadata: { epoch: "1" },
};

/** A run that a process began and left, after `use`. */
async function leftRun(use = async (_run: OpenRun) => {}, created = info.created): Promise<string> {
  const run = await createRun(root(), { ...info, created });
  await use(run);
  await run.close();
  return run.path;
}

function deadProcess(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

describe("createRun", () => {
  test("makes a locked folder named after experiment, day and id", async () => {
    const run = await createRun(root(), info);
    expect(basename(run.path)).toMatch(/^categorical-vae-2026-11-22-[0-9a-z]{6}$/);
    expect((await readdir(run.path)).sort()).toEqual(["config.json", "lock"]);
    expect(JSON.parse(await readFile(join(run.path, "config.json"), "utf8"))).toEqual(info);
    await expect(openRun(run.path, { lock: true })).rejects.toThrow(`${run.path} is in use by process ${process.pid}`);
    await run.close();
    expect(await readdir(run.path)).toEqual(["config.json"]);
  });

  test("takes another id when there is such a run already", async () => {
    const first = await leftRun();
    const mocked = vi.mocked(randomBytes) as unknown as { mockImplementationOnce(bytes: () => Buffer): void };
    const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    mocked.mockImplementationOnce(() => Buffer.from([...first.slice(-6)].map((letter) => alphabet.indexOf(letter))));
    const second = await leftRun();
    expect(second).not.toBe(first);
    expect((await readdir(root())).sort()).toEqual([basename(first), basename(second)].sort());
  });

  test("says why a folder cannot be written", async () => {
    await writeFile(folder.path("file"), "");
    await expect(createRun(folder.path("file"), info)).rejects.toThrow(`cannot write ${folder.path("file")}: `);
    await expect(createRun(folder.path("file/runs"), info)).rejects.toThrow(
      `cannot write ${folder.path("file/runs")}: a part of its path is not a folder (ENOTDIR)`,
    );
  });

  test("refuses a description that could not be read again, and makes nothing", async () => {
    await expect(createRun(root(), { ...info, experiment: "../elsewhere" })).rejects.toThrow("experiment");
    await expect(createRun(root(), { ...info, created: "yesterday" })).rejects.toThrow("created");
    expect(await readdir(folder.path())).toEqual([]);
  });
});

describe("openRun", () => {
  test("gives back what was written", async () => {
    const picture = randomBytes(100);
    const path = await leftRun(async (run) => {
      await run.appendMetrics({ epoch: 1, loss: 182.3 });
      await run.saveCheckpoint(checkpoint);
      await run.writeFile("samples.png", picture);
      await run.writeFile("report.html", "<!doctype html>");
      await run.writeResult({ testLoss: 126.7 });
    });
    const run = await openRun(path, { lock: false });
    expect(run.path).toBe(path);
    expect(run.info).toEqual(info);
    expect(await run.readMetrics()).toEqual([{ epoch: 1, loss: 182.3 }]);
    const metadata = { epoch: "1", config: JSON.stringify(info.config), metrics_records: "1" };
    expect(await run.loadCheckpoint()).toEqual({ tensors: checkpoint.tensors, metadata });
    expect(await run.readResult()).toEqual({ testLoss: 126.7 });
    expect(new Uint8Array(await readFile(join(path, "samples.png")))).toEqual(new Uint8Array(picture));
    expect(await readFile(join(path, "report.html"), "utf8")).toBe("<!doctype html>");
  });

  test("has no metrics, checkpoint or result of a run that has just begun", async () => {
    const run = await openRun(await leftRun(), { lock: false });
    expect(await run.readMetrics()).toEqual([]);
    expect(await run.loadCheckpoint()).toBeUndefined();
    expect(await run.readResult()).toBeUndefined();
  });

  test("without lock looks at a run in use", async () => {
    const writer = await createRun(root(), info);
    await writer.appendMetrics({ epoch: 1 });
    const reader = await openRun(writer.path, { lock: false });
    expect(await reader.readMetrics()).toEqual([{ epoch: 1 }]);
    await writer.appendMetrics({ epoch: 2 });
    expect(await reader.readMetrics()).toEqual([{ epoch: 1 }, { epoch: 2 }]);
    await writer.close();
  });

  test("with lock removes what a kill left, and nothing without", async () => {
    const path = await leftRun((run) => run.appendMetrics({ epoch: 1 }));
    await writeFile(join(path, "metrics.jsonl"), '{"epoch":1}\n{"epo');
    await writeFile(join(path, "checkpoint.safetensors.0123456789ab.tmp"), "half");
    await writeFile(
      join(path, "lock"),
      JSON.stringify({ pid: deadProcess(), host: hostname(), since: info.created, ticks: null }),
    );
    const before = (await readdir(path)).length;
    await openRun(path, { lock: false });
    expect(await readdir(path)).toHaveLength(before);
    const run = await openRun(path, { lock: true });
    expect((await readdir(path)).sort()).toEqual(["config.json", "lock", "metrics.jsonl"]);
    await run.appendMetrics({ epoch: 2 });
    expect(await run.readMetrics()).toEqual([{ epoch: 1 }, { epoch: 2 }]);
    await run.close();
  });

  test("refuses what is not a run, naming what is missing, and leaves it alone", async () => {
    const refuses = async (path: string, message: string) => {
      for (const lock of [true, false]) {
        await expect(openRun(path, { lock } as { lock: true })).rejects.toThrow(message);
      }
    };
    await refuses(root(), `${root()} is not a run: no such folder`);
    await mkdir(root());
    await refuses(root(), `${root()} is not a run: it has no config.json`);
    const config = join(root(), "config.json");
    await writeFile(config, "{ seed: 1 }");
    await refuses(root(), `${config}: expected JSON, got "{ seed: 1 }"`);
    await writeFile(config, JSON.stringify({ ...info, command: undefined }));
    await refuses(root(), `${config} is not described as a run`);
    await refuses(root(), "command");
    await refuses(config, `${config} is not a run: it is not a folder`);
    expect(await readdir(root())).toEqual(["config.json"]);
  });
});

describe("rewind", () => {
  test("without a checkpoint starts anew", async () => {
    const path = await leftRun((run) => run.appendMetrics({ epoch: 1 }));
    const run = await openRun(path, { lock: true });
    expect(await run.rewind()).toBeUndefined();
    expect(await run.readMetrics()).toEqual([]);
    await run.close();
  });

  test("removes the records after the checkpoint, and the bytes go on as if there had been none", async () => {
    const records = [{ epoch: 1, note: "∞" }, { epoch: 2 }, { epoch: 3 }];
    const path = await leftRun(async (run) => {
      await run.appendMetrics(records[0]!);
      await run.saveCheckpoint(checkpoint);
      await run.appendMetrics({ epoch: 2, lost: true });
    });
    await writeFile(join(path, "metrics.jsonl"), '{"torn', { flag: "a" });
    const run = await openRun(path, { lock: true });
    expect((await run.rewind())?.tensors).toEqual(checkpoint.tensors);
    await run.appendMetrics(records[1]!);
    await run.saveCheckpoint(checkpoint);
    await run.appendMetrics(records[2]!);
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    expect(await readFile(join(path, "metrics.jsonl"), "utf8")).toBe(lines.join(""));
    await run.rewind();
    expect(await readFile(join(path, "metrics.jsonl"), "utf8")).toBe(lines.slice(0, 2).join(""));
    await run.close();
  });

  test("a loaded checkpoint saved again counts the records of then", async () => {
    const run = await createRun(root(), info);
    await run.saveCheckpoint(checkpoint);
    await run.appendMetrics({ epoch: 1 });
    await run.saveCheckpoint((await run.loadCheckpoint())!);
    expect((await run.loadCheckpoint())?.metadata).toMatchObject({ epoch: "1", metrics_records: "1" });
    await run.close();
  });

  test("equal states give equal checkpoints, whatever the timings in the records", async () => {
    const files = [];
    for (const imagesPerSecond of [9.5, 12345.678]) {
      const path = await leftRun(async (run) => {
        await run.appendMetrics({ epoch: 1, imagesPerSecond });
        await run.saveCheckpoint(checkpoint);
      });
      files.push(await readFile(join(path, "checkpoint.safetensors")));
    }
    expect(files[0]).toEqual(files[1]);
  });

  test("refuses a damaged or foreign checkpoint and shortened metrics, and loses nothing", async () => {
    const records = '{"epoch":1}\n';
    const path = await leftRun(async (run) => {
      await run.appendMetrics({ epoch: 1 });
      await run.saveCheckpoint(checkpoint);
    });
    const [file, metrics] = [join(path, "checkpoint.safetensors"), join(path, "metrics.jsonl")];
    const whole = await readFile(file);
    const run = await openRun(path, { lock: true });

    await writeFile(file, whole.subarray(0, whole.length - 1));
    await expect(run.rewind()).rejects.toThrow(`${file} is not a whole safetensors checkpoint: expected`);
    await expect(run.loadCheckpoint()).rejects.toThrow(`${file} is not a whole safetensors checkpoint: expected`);
    await writeFile(file, encodeCheckpoint(checkpoint));
    await expect(run.rewind()).rejects.toThrow(
      `${file} is not a run's: expected a number as the metadata metrics_records, got undefined`,
    );
    expect(await readFile(metrics, "utf8")).toBe(records);

    await writeFile(file, whole);
    await writeFile(metrics, "");
    await expect(run.rewind()).rejects.toThrow(`${metrics}: expected the 1 records`);
    await run.close();
  });
});

describe("listRuns", () => {
  test.each(["config.json", "metrics.jsonl", "lock", "result.json"])(
    "%s that is a pipe, a device, a folder, or nested without end is a damage, and nobody waits for it",
    async (name) => {
      const sound = await leftRun();
      const [pipe, device, nested, deep] = await Promise.all([leftRun(), leftRun(), leftRun(), leftRun()]);
      for (const run of [pipe, device, nested]) await rm(join(run, name), { force: true });
      spawnSync("mkfifo", [join(pipe, name)]);
      await symlink("/dev/zero", join(device, name));
      await mkdir(join(nested, name));
      await writeFile(join(deep, name), `${"[".repeat(100_000)}${"]".repeat(100_000)}\n`);
      const { runs, damaged } = await listRuns(root());
      expect(runs.map(({ path }) => path)).toEqual([sound]);
      for (const { path, reason } of damaged) {
        expect(reason).toContain(join(path, name));
        if (path !== deep) expect(reason).toContain("expected a file, got a folder, a device or a pipe");
      }
      expect(damaged).toHaveLength(4);
    },
  );

  test("has name, records, result and state of every run, oldest first", async () => {
    const stopped = await leftRun(async (run) => {
      await run.appendMetrics({ epoch: 1, loss: 180 });
      await run.appendMetrics({ epoch: 2, loss: 150 });
    }, "2026-11-22T12:00:00.000Z");
    const finished = await leftRun((run) => run.writeResult({ loss: 127 }), "2026-11-20T12:00:00.000Z");
    const running = await createRun(root(), { ...info, created: "2026-11-21T12:00:00.000Z" });
    const common = { ...info, epochs: 0, metrics: undefined, result: undefined, divergence: undefined };
    expect((await listRuns(root())).runs).toEqual([
      {
        ...common,
        name: basename(finished),
        path: finished,
        created: "2026-11-20T12:00:00.000Z",
        result: { loss: 127 },
        state: "finished",
      },
      {
        ...common,
        name: basename(running.path),
        path: running.path,
        created: "2026-11-21T12:00:00.000Z",
        state: "running",
      },
      {
        ...common,
        name: basename(stopped),
        path: stopped,
        created: "2026-11-22T12:00:00.000Z",
        epochs: 2,
        metrics: { epoch: 2, loss: 150 },
        state: "stopped",
      },
    ]);
    await running.close();
  });

  test("a run whose process was killed is stopped", async () => {
    const path = await leftRun();
    await writeFile(
      join(path, "lock"),
      JSON.stringify({ pid: deadProcess(), host: hostname(), since: info.created, ticks: null }),
    );
    expect((await listRuns(root())).runs).toMatchObject([{ state: "stopped" }]);
  });

  test("a run that diverged says so, and what of it", async () => {
    const divergence = { epoch: 3, step: 7, what: "the loss", value: "NaN" };
    await leftRun(async (run) => {
      await run.appendMetrics({ epoch: 1 });
      await run.writeDivergence(divergence);
    });
    expect((await listRuns(root())).runs).toMatchObject([{ state: "diverged", divergence, epochs: 1 }]);
  });

  test("lists damaged runs beside the others, each with its reason", async () => {
    const path = await leftRun();
    const damages: [name: string, text: string, reason: string][] = [
      ["metrics.jsonl", "damaged\n", 'metrics.jsonl, line 1: expected a JSON object, got "damaged"'],
      ["metrics.jsonl", '{"epoch":null}\n', "metrics.jsonl, line 1: epoch: Expected a number, got null"],
      ["metrics.jsonl", '{"epoch":1,"loss":"low"}\n', 'metrics.jsonl, line 1: loss: Expected a number, got "low"'],
      ["result.json", "null", "result.json: Invalid input: expected object, received null, got null"],
      ["result.json", "{", 'result.json: expected JSON, got "{"'],
      ["diverged.json", '{"epoch":0}', "diverged.json: epoch: Expected a number of at least 1, got 0"],
      ["lock", "mine", 'lock: expected a lock with pid, host, since and ticks, got "mine"'],
      [
        "config.json",
        '{"experiment":"vae"}',
        "config.json is not described as a run: version: Expected text, got undefined",
      ],
      ["config.json", "[", 'config.json: expected JSON, got "["'],
    ];
    const expected = [];
    for (const [name, text, reason] of damages) {
      const damaged = await leftRun();
      await writeFile(join(damaged, name), text);
      expected.push({
        name: basename(damaged),
        path: damaged,
        reason: expect.stringContaining(`${damaged}/${reason}`),
      });
    }
    const { runs, damaged } = await listRuns(root());
    expect(runs.map((run) => run.path)).toEqual([path]);
    expect(damaged).toEqual(expected.sort((a, b) => (a.name < b.name ? -1 : 1)));
  });

  test("takes a number that JSON has none of for one that was not measured", async () => {
    const path = await leftRun((run) => run.writeFile("metrics.jsonl", '{"epoch":1,"loss":null,"gap":2}\n'));
    const { runs } = await listRuns(root());
    expect(runs.map(({ metrics }) => metrics)).toEqual([{ epoch: 1, gap: 2 }]);
    expect(await (await openRun(path, { lock: false })).readMetrics()).toEqual([{ epoch: 1, gap: 2 }]);
  });

  test("skips what is not a run, with a note", async () => {
    const path = await leftRun();
    await mkdir(join(root(), "foreign"));
    await writeFile(join(root(), ".DS_Store"), "");
    await symlink(join(root(), "nowhere"), join(root(), "broken-link"));
    const notes: string[] = [];
    const { runs, damaged } = await listRuns(root(), (line) => notes.push(line));
    expect(runs.map((run) => run.path)).toEqual([path]);
    expect(damaged).toEqual([]);
    expect(notes.sort()).toEqual(
      [
        `skipped: ${join(root(), "broken-link")} is not a run: no such folder`,
        `skipped: ${join(root(), "foreign")} is not a run: it has no config.json`,
      ].sort(),
    );
  });

  test("is empty where there is no folder of runs", async () => {
    const empty = { runs: [], damaged: [] };
    const notes: string[] = [];
    expect(await listRuns(root(), (line) => notes.push(line))).toEqual(empty);
    expect(notes).toEqual([]);
    await writeFile(root(), "");
    expect(await listRuns(root(), (line) => notes.push(line))).toEqual(empty);
    expect(notes).toEqual([expect.stringContaining(root())]);
    await rm(root());
  });
});
