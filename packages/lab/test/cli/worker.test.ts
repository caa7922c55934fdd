import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { missingRedis, startRedis } from "@softdraw/testing/redis-server";
import { describe, expect, onTestFinished, test } from "vitest";
import { bytesOf, call, records, softdraw, start, useFolder } from "./support.ts";

const folder = useFolder();

/** Two trials of a second or two, on the digits in the folder. */
const sweep = (...more: string[]) => [
  ...["sweep", "vae", "--data", "mnist", "--data-dir", folder.path(), "--batch", "40", "--variables", "4"],
  ...[
    "--network",
    "linear",
    "--epochs",
    "2",
    "--schedule",
    "constant",
    "--set",
    "temperature=0.3,1",
    "--no-winner",
    "--json",
    ...more,
  ],
];

describe.skipIf(missingRedis)("a queue", () => {
  test("takes a sweep to workers, with the bytes of a sweep on one machine, and lets the workers go", {
    timeout: 180_000,
  }, async () => {
    const [here, there, home] = [await folder.fresh(), await folder.fresh(), await folder.fresh()];
    const redis = await startRedis("--requirepass", "secret");
    onTestFinished(() => redis.remove());
    const queue = ["--queue", redis.url.replace("//", "//:secret@")];
    const worker = start(there, "worker", ...queue, "--workers", "1", "--data-dir", folder.path());
    const swept = await softdraw(home, ...sweep(...queue));
    expect(swept).toMatchObject({ code: 0, err: "" });
    expect(records(swept.out).map(({ type }) => type)).toEqual(expect.arrayContaining(["sweep", "outcome", "winner"]));
    worker.child.kill("SIGTERM");
    const { code, out, err } = await worker.finished;
    expect(code).toBe(130);
    expect(out).toMatch(
      new RegExp(`^softdraw \\S+: takes trials of this version from 127.0.0.1:${redis.port}, 1 at a time\\.`),
    );
    expect(out.match(/: trained$/gm)?.length).toBe(2);
    expect(err).toBe("Stopped.\n");
    expect(await readdir(there)).toEqual([]);

    expect(await softdraw(here, ...sweep("--workers", "1"))).toMatchObject({ code: 0, err: "" });
    const [queued, alone] = await Promise.all([home, here].map(onlySweep));
    for (const trial of ["00001", "00002"]) {
      expect(await bytesOf(join(queued!, "trials", trial))).toEqual(await bytesOf(join(alone!, "trials", trial)));
      expect((await readdir(join(queued!, "trials", trial))).sort()).toEqual(
        (await readdir(join(alone!, "trials", trial))).sort(),
      );
    }
    // The password stands nowhere.
    for (const name of ["sweep.json", "outcomes.jsonl", "sweep.html", "trials/00001/config.json"]) {
      expect(await readFile(join(queued!, name), "utf8")).not.toContain("secret");
    }
  });
});

describe.skipIf(missingRedis)("a Redis that is gone", () => {
  test.each(["kill", "freeze"] as const)(
    "(%s) keeps neither a worker nor a sweep from ending at a signal",
    async (go) => {
      const [there, home] = [await folder.fresh(), await folder.fresh()];
      const redis = await startRedis();
      onTestFinished(() => redis.remove());
      const worker = start(there, "worker", "--queue", redis.url, "--workers", "1", "--data-dir", folder.path());
      const swept = start(home, ...sweep("--epochs", "100000", "--queue", redis.url));
      await worker.output("trial 1 of ", 1);
      await redis[go]();
      worker.child.kill("SIGTERM");
      swept.child.kill("SIGINT");
      const [stopped, sweepStopped] = await Promise.all([worker.finished, swept.finished]);
      expect(stopped).toMatchObject({
        code: 130,
        err: `Stopped. Redis at 127.0.0.1:${redis.port} does not answer: what was being trained goes to another worker, from its last state in the store.\n`,
      });
      expect(sweepStopped).toMatchObject({
        code: 130,
        err: expect.stringMatching(/^Stopped\. Continue with: softdraw sweep --resume \S+, and the same --queue\n$/),
      });
    },
    120_000,
  );

  test("(freeze) keeps no worker that has nothing to train", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.remove());
    const worker = start(await folder.fresh(), "worker", "--queue", redis.url, "--workers", "1");
    await worker.output("takes trials of this version");
    redis.freeze();
    worker.child.kill("SIGTERM");
    expect(await worker.finished).toMatchObject({ code: 130, err: "Stopped.\n" });
  });
});

test.each([
  [["worker"], "required option '--queue <url>'"],
  [["worker", "--queue", "host:6379"], "--queue: expected redis://HOST:PORT"],
  [["sweep", "vae", "--set", "temperature=1,2", "--store", "states"], "--store: it goes with --queue only"],
  [
    ["sweep", "vae", "--set", "temperature=1,2", "--queue", "redis://host", "--workers", "2"],
    "Say it to softdraw worker",
  ],
])("softdraw %j is a wrong call", async (args, message) => {
  const home = await folder.fresh();
  expect(await call(home, ...args)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(message) });
  expect(await readdir(home)).toEqual([]);
});

async function onlySweep(home: string): Promise<string> {
  const [name, ...others] = await readdir(join(home, "sweeps"));
  expect(others).toEqual([]);
  return join(home, "sweeps", name!);
}
