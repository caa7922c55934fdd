import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { missingRedis } from "@softdraw/testing/redis-server";
import { exactMeasure } from "@softdraw/testing/toy";
import { TOY_WORKER } from "@softdraw/testing/toy-sweep";
import { Queue } from "bullmq";
import { afterEach, describe, expect, test } from "vitest";
import { nameOfData } from "../../src/data/own-data.ts";
import { Interrupted } from "../../src/errors.ts";
import { readOutcomes, TRIALS } from "../../src/sweeps/conduct.ts";
import { Unavailable } from "../../src/sweeps/executor.ts";
import { PREFIX, queueName } from "../../src/sweeps/jobs.ts";
import { poolExecutor } from "../../src/sweeps/pool.ts";
import { queueExecutor } from "../../src/sweeps/queue.ts";
import { connectRedis } from "../../src/sweeps/redis.ts";
import { folderStore, redisStore } from "../../src/sweeps/store.ts";
import type { Assignment } from "../../src/sweeps/sweep.ts";
import { trainTrial, trialName } from "../../src/sweeps/trial.ts";
import { useFolder } from "../cli/support.ts";
import {
  conductToys,
  deadWorker,
  startWorker,
  sweepToys,
  trialBytes,
  useRedis,
  type WorkerSettings,
} from "./queue-support.ts";

if (missingRedis) console.log(`skipped: ${missingRedis}`);

describe.skipIf(missingRedis)("through a queue", () => {
  const redis = useRedis();
  const folder = useFolder();
  const home = (name: string) => folder.path(name);
  const workers: { stop(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.stop();
  });
  let workersSoFar = 0;
  const worker = async (settings: Partial<WorkerSettings> = {}) => {
    const started = await startWorker(redis.server.url, { folder: home(`worker-${workersSoFar++}`), ...settings });
    workers.push(started);
    return started;
  };
  /** All keys in Redis that have the text in them. */
  const keysOf = async (text: string) => {
    const link = await connectRedis(redis.server.url, { say() {} });
    const keys = await link.client.keys(`*${text}*`);
    link.close();
    return keys;
  };

  test("trials have the bytes of the pool's, each is recorded once, and nothing is left in Redis", async () => {
    const sweep = { seeds: 4, temperatures: [0.5, 2] };
    await worker({ workers: 2 });
    const { outcomes } = await sweepToys(redis.server.url, { home: home("bytes"), ...sweep });
    const pool = { workers: 1, folder: join(home("pool"), TRIALS), device: "wasm" as const, threads: 1 };
    const alone = await conductToys(poolExecutor({ ...pool, worker: TOY_WORKER }), { home: home("pool"), ...sweep });
    expect(outcomes).toEqual(alone);
    expect(outcomes.length).toBe(8);
    for (const { trial } of outcomes) {
      expect(await trialBytes(home("bytes"), trialName(trial))).toEqual(
        await trialBytes(home("pool"), trialName(trial)),
      );
    }
    expect(await keysOf("bytes")).toEqual(["softdraw:states:bytes"]);
  });

  test("a real training has the same bytes in one process, on the pool and through the queue", async () => {
    const vae = experiments.find(({ name }) => name === "vae")!;
    const name = await nameOfData(folder.path());
    const small = { batch: 50, epochs: 2, variables: 4, network: "linear" };
    const data = { data: name, dataDir: folder.path(), ...small, fold: "1/5", seed: 3 };
    const assignment: Assignment = { trial: 1, experiment: "vae", config: vae.schema.parse(data) };
    const inProcess = join(home("real-process"), TRIALS);
    const inPool = join(home("real-pool"), TRIALS);
    const inQueue = join(home("real-queue"), TRIALS);

    const stop = new AbortController().signal;
    await trainTrial(assignment, { experiments: [vae], folder: inProcess, stop });

    const pool = poolExecutor({ workers: 1, folder: inPool, device: "wasm", threads: 1 });
    await pool.run(assignment, () => {}).finally(() => pool.close());

    // A worker has its data elsewhere than the sweep.
    await symlink(folder.path(), home("elsewhere"));
    await worker({
      experiments: [vae],
      pool: new URL("../../src/sweeps/pool-process.js", import.meta.url),
      dataDir: home("elsewhere"),
      version: "real",
    });
    const link = await connectRedis(redis.server.url, { say() {} });
    const queue = await queueExecutor({
      link,
      store: redisStore(link),
      sweep: "real",
      version: "real",
      experiments: [vae],
      folder: inQueue,
      ahead: 1,
      say() {},
    });
    const epochs: number[] = [];
    await queue.run(assignment, ({ epoch }) => void epochs.push(epoch));
    await queue.close();
    link.close();

    expect(epochs).toEqual([1, 2]);
    const [alone, pooled, queued] = await Promise.all(
      [inProcess, inPool, inQueue].map((path) => trialBytes(join(path, ".."), "00001")),
    );
    expect(pooled).toEqual(alone);
    expect(queued).toEqual(alone);
  }, 180_000);

  test("what fails is tried again from its last checkpoint, and then reported", async () => {
    const { said } = await worker();
    const take = (failure: string) =>
      sweepToys(redis.server.url, { home: home(`failing-${failure}`), config: { failure } });
    expect((await take("exit-once")).outcomes).toMatchObject([{ state: "done" }]);
    expect((await take("throw")).outcomes).toEqual([{ trial: 1, state: "failed", error: "The toy broke." }]);
    expect((await take("exit")).outcomes).toMatchObject([
      { state: "failed", error: expect.stringContaining("exited") },
    ]);
    const begun = (name: string) => said.filter((line) => line === `trial 1 of failing-${name}: begun`).length;
    expect(["exit-once", "throw", "exit"].map(begun)).toEqual([2, 2, 2]);
    expect(await keysOf("failing")).toEqual([]);
    // What it had measured before is there to look at.
    expect(await trialBytes(home("failing-exit-once"), "00001")).toMatchObject({
      metrics: expect.stringMatching(/^(.+\n){3}.+$/),
    });
    expect(
      String(await readFile(join(home("failing-throw"), TRIALS, "00001", "metrics.jsonl"))).split("\n").length,
    ).toBe(2);
  });

  test("a worker that is stopped gives back what it trains, and another goes on from there", async () => {
    const first = await worker();
    const seen: number[] = [];
    const config = { epochs: 30, delay: 100 };
    let replaced: Promise<unknown> | undefined;
    const { outcomes } = await sweepToys(redis.server.url, {
      home: home("stopped"),
      config,
      onEpoch(_, { epoch }) {
        seen.push(epoch);
        if (epoch === 5) replaced ??= first.stop().then(() => worker());
      },
    });
    await replaced;
    expect(await first.ended).toBeInstanceOf(Interrupted);
    expect(outcomes).toMatchObject([{ state: "done", discrete: exactMeasure({ temperature: 1, seed: 1 }, 30) }]);
    // Every epoch was trained once.
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });

  test("a worker's death is noticed, and costs no more than what came after the last state", async () => {
    // A job that a worker took and was never heard of again.
    const taken = sweepToys(redis.server.url, { home: home("widow") });
    const dead = await deadWorker(redis.server.port);
    expect(dead.job.data).toMatchObject({ sweep: "widow", trial: 1 });
    const { said } = await worker();
    expect((await taken).outcomes).toMatchObject([{ state: "done" }]);
    expect(said).toEqual(["trial 1 of widow: begun", "trial 1 of widow: trained"]);
    await dead.close();
  });

  test("a trial that outlives too many workers fails", async () => {
    const taken = sweepToys(redis.server.url, { home: home("killer"), version: "killed" });
    const dead = await deadWorker(redis.server.port, "killed");
    await worker({ version: "killed", timing: { lockMs: 2_000, stalledMs: 500, deaths: 0, lookMs: 200, saveMs: 50 } });
    expect((await taken).outcomes).toMatchObject([{ state: "failed", error: expect.stringContaining("stalled") }]);
    await dead.close();
  });

  test("what goes on after a rung goes on from the state of the first", async () => {
    const { said } = await worker({ workers: 2 });
    const sweep = { temperatures: [4, 0.25, 1, 2], halving: { reduction: 2, firstEpochs: 1 } };
    const seen: string[] = [];
    const { outcomes } = await sweepToys(redis.server.url, {
      home: home("rungs"),
      ...sweep,
      onEpoch: ({ trial }, { epoch }) => void seen.push(`${trial}: ${epoch}`),
    });
    expect(outcomes.filter(({ epochs }) => epochs === undefined).map(({ trial }) => trial)).toContain(3);
    // No epoch was trained twice.
    expect(new Set(seen).size).toBe(seen.length);
    expect(said.filter((line) => line.endsWith("trained")).length).toBe(outcomes.length);
    expect(await keysOf("rungs")).toEqual([]);
  });

  test("states can travel through a folder", async () => {
    const store = () => folderStore(home("states"));
    await worker({ store });
    const { outcomes } = await sweepToys(redis.server.url, { home: home("shared"), seeds: 3, store });
    expect(outcomes.map(({ state }) => state)).toEqual(["done", "done", "done"]);
    expect(await keysOf("shared")).toEqual([]);
  });

  test("a worker with another store than the sweep's gives the trial back, and ends saying so", async () => {
    const wrong = await worker({ store: () => folderStore(home("elsewhere-states")) });
    const taken = sweepToys(redis.server.url, { home: home("otherwise") });
    expect(await wrong.ended).toBeInstanceOf(Unavailable);
    expect(((await wrong.ended) as Error).message).toContain(
      "travel through Redis, so start this worker without --store",
    );
    await worker();
    expect((await taken).outcomes).toMatchObject([{ state: "done" }]);
  });

  test("a worker without the data of a trial gives it back, and ends saying so", async () => {
    const vae = experiments.find(({ name }) => name === "vae")!;
    const data = await nameOfData(folder.path());
    const config = vae.schema.parse({ data, dataDir: folder.path(), batch: 50, epochs: 1, variables: 4 });
    const link = await connectRedis(redis.server.url, { say() {} });
    const own = { link, store: redisStore(link), sweep: "lacking", version: "lacking", say() {} };
    const queue = await queueExecutor({ ...own, experiments: [vae], folder: join(home("lacking"), TRIALS), ahead: 1 });
    const trained = queue.run({ trial: 1, experiment: "vae", config }, () => {});
    const common = { experiments: [vae], version: "lacking" };
    const real = { ...common, pool: new URL("../../src/sweeps/pool-process.js", import.meta.url) };
    const [without, other] = [await worker(common), await worker({ ...common, dataDir: home("no-data") })];
    const lacking = `trial 1 of lacking: "${data}" is the data of a folder: give it (--data-dir).`;
    expect(await without.ended).toEqual(new Unavailable(lacking));
    expect(await other.ended).toMatchObject({
      message: expect.stringContaining("no-data: there is no such file or folder"),
    });
    await worker({ ...real, dataDir: folder.path() });
    await trained;
    await queue.close();
    link.close();
  }, 180_000);

  test.each([
    ["data", "{"],
    ["opts", "no JSON"],
    ["progress", "{"],
    ["parent", "]"],
  ])("a job whose %s is no JSON fails, and the worker goes on", async (field, text) => {
    const sweep = `unreadable-${field}`;
    const taken = sweepToys(redis.server.url, { home: home(sweep), version: sweep, seeds: 2 });
    const link = await connectRedis(redis.server.url, { say() {} });
    const key = `softdraw:${queueName(sweep)}:${sweep}.1.end`;
    await expect.poll(() => link.client.exists(key)).toBe(1);
    await link.client.hset(key, field, text);
    await worker({ version: sweep });
    const [first, second] = (await taken).outcomes;
    expect(first).toEqual({ trial: 1, state: "failed", error: `This is no trial: its ${field} is no JSON.` });
    expect(second).toMatchObject({ trial: 2, state: "done" });
    link.close();
  });

  test("workers take trials of their version only, and a sweep says that none of its own is there", async () => {
    const other = await worker({ version: "0.0.9" });
    const stop = new AbortController();
    const taken = sweepToys(redis.server.url, { home: home("versions"), version: "2", stop: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await worker({ version: "2" });
    const { outcomes, said } = await taken;
    expect(outcomes).toMatchObject([{ state: "done" }]);
    expect(said[0]).toContain("No worker of version 2 listens");
    expect(said[0]).toContain("0.0.9");
    expect(other.said).toEqual([]);
  });

  test("a sweep that is stopped takes out what waits; what is being trained is there when it is resumed", async () => {
    const stop = new AbortController();
    const settings = { home: home("resumed"), seeds: 20, config: { epochs: 4, delay: 50 } };
    const { said } = await worker();
    const stopped = sweepToys(redis.server.url, { ...settings, stop: stop.signal, onEpoch: () => stop.abort() });
    await expect(stopped).rejects.toThrow(Interrupted);
    await expect.poll(() => said.at(-1), { timeout: 10_000 }).toContain("trained");
    expect(said).toEqual(["trial 1 of resumed: begun", "trial 1 of resumed: trained"]);
    const { outcomes } = await sweepToys(redis.server.url, settings);
    expect(outcomes.map(({ trial }) => trial)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(said.filter((line) => line === "trial 1 of resumed: begun").length).toBe(1);
    expect((await readOutcomes(settings.home)).length).toBe(20);
  });

  test("no more than so many are in the queue at a time", async () => {
    const queue = new Queue(queueName("3"), { connection: { port: redis.server.port }, prefix: PREFIX });
    const counts: number[] = [];
    await worker({ version: "3" });
    const { outcomes } = await sweepToys(redis.server.url, {
      home: home("ahead"),
      seeds: 12,
      version: "3",
      ahead: 3,
      onEpoch: () => void queue.getJobCountByTypes("wait", "active").then((count) => counts.push(count)),
    });
    await queue.close();
    expect(outcomes.length).toBe(12);
    expect(Math.max(...counts)).toBeLessThanOrEqual(3);
  });

  test("a run folder that has all of it is not trained again", async () => {
    const settings = { home: home("complete"), seeds: 2 };
    const { said } = await worker();
    const { outcomes } = await sweepToys(redis.server.url, settings);
    // As after a kill between the run folder and the record.
    await writeFile(join(settings.home, "outcomes.jsonl"), "");
    expect((await sweepToys(redis.server.url, settings)).outcomes).toEqual(outcomes);
    expect(said.filter((line) => line.endsWith("begun")).length).toBe(2);
  });
});
