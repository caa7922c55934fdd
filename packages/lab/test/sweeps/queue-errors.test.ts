/** What goes wrong around a queue is said in words, without the password, and soon. */

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { freePort, missingRedis, startRedis } from "@softdraw/testing/redis-server";
import { toys } from "@softdraw/testing/toy-sweep";
import { describe, expect, onTestFinished, test } from "vitest";
import { Interrupted, WrongCall } from "../../src/errors.ts";
import { TRIALS } from "../../src/sweeps/conduct.ts";
import { Unavailable } from "../../src/sweeps/executor.ts";
import { assignmentOf, jobOf } from "../../src/sweeps/jobs.ts";
import { queueExecutor } from "../../src/sweeps/queue.ts";
import { connectRedis, withoutPassword } from "../../src/sweeps/redis.ts";
import { folderStore, redisStore, type Snapshot, StoreFull } from "../../src/sweeps/store.ts";
import { softdraw, useFolder } from "../cli/support.ts";
import { startWorker, sweepToys, useRedis } from "./queue-support.ts";

const folder = useFolder();
const say = () => {};

describe("an address", () => {
  test.each([
    ["nonsense", '"nonsense"'],
    ["http://host:6379", '"http://host:6379"'],
    ["redis://", '"redis://"'],
    ["redis://user:secret@/0", '"redis://***@/0"'],
    ["redis://:secret@host:port", '"redis://***@host:port"'],
    ["redis:user:secret@host", '"redis:***@host"'],
    ["redis://host/name", '"redis://host/name"'],
  ])("%s is refused, and its password not shown", async (address, shown) => {
    const error = await connectRedis(address, { say }).catch((error: Error) => error);
    expect(error).toBeInstanceOf(WrongCall);
    expect((error as Error).message).toContain("expected redis://HOST:PORT, or with TLS rediss://HOST:PORT");
    expect((error as Error).message).toContain(`got ${shown}.`);
  });

  test("is shown without what is before its host", () => {
    expect(withoutPassword("rediss://user:p@ss@host:1/2")).toBe("rediss://***@host:1/2");
    expect(withoutPassword("redis://host:1/2")).toBe("redis://host:1/2");
  });
});

describe("no connection", () => {
  test("to where nothing listens", async () => {
    const port = await freePort();
    const message = `No connection to Redis at 127.0.0.1:${port}: nothing listens there (ECONNREFUSED).`;
    await expect(connectRedis(`redis://:secret@127.0.0.1:${port}`, { say })).rejects.toThrow(new Unavailable(message));
  });

  test("to a host that there is not", async () => {
    await expect(connectRedis("redis://nowhere.invalid", { say })).rejects.toThrow("nowhere.invalid:6379");
  });

  test("to what is no Redis", async () => {
    const server = createServer((_, response) => void response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const words = "what answers there is no Redis";
    await expect(connectRedis(`redis://127.0.0.1:${port}`, { say })).rejects.toThrow(words);
  });

  test("the commands end with exit code 1, or 2 for what is no address, and leave nothing", async () => {
    const home = await folder.fresh();
    const port = await freePort();
    const sweep = ["sweep", "vae", "--set", "temperature=0.5,1", "--queue", `redis://:secret@127.0.0.1:${port}`];
    const [refused, wrong] = await Promise.all([
      softdraw(home, ...sweep),
      softdraw(home, "worker", "--queue", "redis://user:secret@"),
    ]);
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining(`127.0.0.1:${port}: nothing listens there`),
    });
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining("--queue: expected redis://HOST:PORT") });
    expect(`${refused.err}${refused.out}${wrong.err}${wrong.out}`).not.toMatch(/secret|\n\s+at /);
    expect(await readdir(home)).toEqual([]);
  });
});

describe.skipIf(missingRedis)("a Redis", () => {
  const redis = useRedis("--requirepass", "right");
  const address = (password: string) => redis.server.url.replace("//", `//:${password}@`);

  test("with another password, or with one where none is given", async () => {
    const refused = await connectRedis(address("wrong"), { say }).catch((error: Error) => error);
    expect(refused).toBeInstanceOf(Unavailable);
    expect((refused as Error).message).toContain("it refuses the user and the password of the address");
    expect((refused as Error).message).not.toContain("wrong");
    await expect(connectRedis(redis.server.url, { say })).rejects.toThrow("it wants a password");
    const link = await connectRedis(address("right"), { say });
    link.close();
  });

  test("that is full ends workers and sweeps with a message", async () => {
    const full = await startRedis("--maxmemory-policy", "noeviction");
    onTestFinished(() => full.remove());
    const taken = sweepToys(full.url, { home: folder.path("full"), config: { epochs: 20, delay: 50 } });
    const swept = taken.catch((error: Error) => error);
    const worker = await startWorker(full.url, { folder: folder.path("full-worker") });
    const link = await connectRedis(full.url, { say });
    await expect.poll(() => worker.said.length, { timeout: 30_000 }).toBeGreaterThan(0);
    await link.client.config("SET", "maxmemory", "1mb");
    const ended = await worker.ended;
    expect(ended).toBeInstanceOf(Unavailable);
    expect((ended as Error).message).toContain(`127.0.0.1:${full.port} is full: it has reached its maxmemory`);
    const another = sweepToys(full.url, { home: folder.path("full-too") });
    await expect(another).rejects.toThrow("is full: it has reached its maxmemory");
    // The first sweep waits for somebody to go on with its trial.
    await link.client.config("SET", "maxmemory", "0");
    const next = await startWorker(full.url, { folder: folder.path("full-next") });
    expect(await swept).toMatchObject({ outcomes: [{ state: "done" }] });
    expect(await next.stop()).toBeInstanceOf(Interrupted);
    link.close();
  });

  test("that goes away is waited for, and given up in the end", async () => {
    const leaving = await startRedis();
    onTestFinished(() => leaving.remove());
    const said: string[] = [];
    const link = await connectRedis(leaving.url, { say: (line) => void said.push(line), patienceMs: 3_000 });
    const home = folder.path("left");
    await mkdir(home, { recursive: true });
    const own = { sweep: "left", version: "1", experiments: toys, folder: join(home, TRIALS) };
    const executor = await queueExecutor({ ...own, link, store: redisStore(link), ahead: 1, say });
    const run = executor.run({ trial: 1, experiment: "toy", config: toys[0]!.schema.parse({}) }, () => {});
    const failed = run.catch((error: Error) => error);
    const worker = await startWorker(leaving.url, {
      folder: folder.path("left-worker"),
      version: "2",
      patienceMs: 3_000,
    });
    await leaving.kill();
    for (const error of [await failed, await worker.ended]) {
      expect(error).toBeInstanceOf(Unavailable);
      expect((error as Error).message).toBe(`Redis at 127.0.0.1:${leaving.port} did not come back within 3 seconds.`);
    }
    expect(said).toEqual([`Redis at 127.0.0.1:${leaving.port} does not answer. Waiting for it, up to 1 minutes.`]);
    await executor.close();
    link.close();
  });
});

function snapshot(epochs: number, numbers = 4): Snapshot {
  const records = Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1 }));
  const tensors = { state: { shape: [numbers], data: new Float32Array(numbers).fill(epochs) } };
  return { checkpoint: { tensors, metadata: { epoch: `${epochs}` } }, records, devices: [], whole: false };
}

describe.skipIf(missingRedis)("a store", () => {
  const redis = useRedis();
  const stores = async () => {
    const link = await connectRedis(redis.server.url, { say });
    onTestFinished(() => link.close());
    const limits = { stateBytes: 10_000, allBytes: 15_000 };
    return {
      link,
      inRedis: redisStore(link, limits),
      inFolder: await folderStore(join(await folder.fresh(), "states")),
    };
  };

  test("gives back what was saved last, unless that was an earlier state", async () => {
    const { inRedis, inFolder } = await stores();
    for (const store of [inRedis, inFolder]) {
      expect(await store.load("s", 1)).toBeUndefined();
      await store.save("s", 1, snapshot(2));
      await store.save("s", 1, snapshot(1));
      expect(await store.load("s", 1)).toEqual(snapshot(2));
      await store.save("s", 1, { ...snapshot(2), whole: true });
      await store.save("s", 2, snapshot(5));
      expect(await store.load("s", 1)).toEqual({ ...snapshot(2), whole: true });
      await store.remove("s", 1);
      expect(await store.load("s", 1)).toBeUndefined();
      expect(await store.load("s", 2)).toEqual(snapshot(5));
      await store.remove("s", 2);
      await store.remove("s", 2);
    }
  });

  test("in Redis takes states up to a size, and up to one of all together", async () => {
    const { link, inRedis } = await stores();
    await expect(inRedis.save("s", 3, snapshot(1, 3_000))).rejects.toThrow("--store DIR");
    await inRedis.save("s", 3, snapshot(1, 2_000));
    await expect(inRedis.save("s", 4, snapshot(1, 2_000))).rejects.toThrow(StoreFull);
    await inRedis.save("s", 3, snapshot(1, 500));
    await inRedis.save("s", 4, snapshot(1, 2_000));
    await inRedis.remove("s", 3);
    await inRedis.remove("s", 4);
    expect(await link.client.get("softdraw:states:bytes")).toBe("0");
  });

  test("a folder that cannot be one is the caller's mistake", async () => {
    await writeFile(folder.path("a-file"), "");
    await expect(folderStore(folder.path("a-file"))).rejects.toThrow(WrongCall);
  });
});

describe("a job", () => {
  const config = { data: "mnist", epochs: 2, temperature: 0.5 };
  const job = { sweep: "vae-1", store: "redis", trial: 1, experiment: "vae", config };

  test("is the assignment that it was made of, with this machine's folder of data", () => {
    const vae = experiments.find(({ name }) => name === "vae")!;
    const assignment = {
      trial: 7,
      experiment: "vae",
      config: vae.schema.parse({ ...config, dataDir: "/there" }),
      epochs: 1,
    };
    const sent = JSON.parse(JSON.stringify(jobOf("vae-1", "redis", assignment)));
    expect(JSON.stringify(sent)).not.toContain("there");
    const taken = assignmentOf(sent, experiments, "/here");
    expect(taken).toMatchObject({ sweep: "vae-1", store: "redis" });
    expect(taken.assignment).toEqual({ ...assignment, config: { ...assignment.config, dataDir: "/here" } });
    const embedded = { ...job, config: { ...config, data: "digits" } };
    expect(assignmentOf(embedded, experiments, "/here").assignment.config.dataDir).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ["is nothing", undefined, "no trial"],
    ["has more than it should", { ...job, command: "rm" }, "command"],
    ["names a path as its sweep", { ...job, sweep: "../../etc" }, "sweep"],
    ["names a path as its trial", { ...job, trial: "../1" }, "trial"],
    ["has a fraction of a trial", { ...job, trial: 1.5 }, "trial"],
    ["names another experiment", { ...job, experiment: "constructor" }, 'no experiment "constructor"'],
    ["brings a folder of data", { ...job, config: { ...config, dataDir: "/etc" } }, "dataDir"],
    ["sets what there is not", { ...job, config: { ...config, preset: "x" } }, "preset"],
    ["sets it wrongly", { ...job, config: { ...config, temperature: -1 } }, "temperature"],
    ["sets it to an object", { ...job, config: { ...config, temperature: {} } }, "temperature"],
    ["reaches for a prototype", JSON.parse('{"__proto__": {"sweep": "a"}, "trial": 1}'), "sweep"],
    ["has no end", { ...job, epochs: 0 }, "epochs"],
  ])("that %s is refused", (_, data, named) => {
    expect(() => assignmentOf(data, experiments, "/here")).toThrow(named);
  });
});
