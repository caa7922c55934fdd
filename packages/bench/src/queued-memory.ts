/** What a Redis takes for trials that wait in it. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { experiments } from "@softdraw/experiments/all";
import { queueExecutor } from "@softdraw/lab/sweeps/queue";
import { connectRedis, type Link } from "@softdraw/lab/sweeps/redis";
import { redisStore } from "@softdraw/lab/sweeps/store";
import { startRedis } from "@softdraw/testing/redis-server";
import type { Findings } from "./benchmark.ts";

export async function queuedMemory(count: number): Promise<Findings> {
  const redis = await startRedis();
  const folder = await mkdtemp(join(tmpdir(), "softdraw-bench-"));
  const link = await connectRedis(redis.url, { say() {} });
  const vae = experiments.find(({ name }) => name === "vae")!;
  const sweep = { sweep: "bench", version: "bench", experiments, folder, ahead: count, say() {} };
  const executor = await queueExecutor({ ...sweep, link, store: redisStore(link) });
  try {
    const empty = await usedMemory(link);
    const started = performance.now();
    const runs = Array.from({ length: count }, (_, seed) =>
      executor
        .run({ trial: seed + 1, experiment: "vae", config: vae.schema.parse({ seed }) }, () => {})
        .catch(() => {}),
    );
    while ((await link.client.llen("softdraw:trials-bench:wait")) < count) await sleep(20);
    const seconds = (performance.now() - started) / 1000;
    const full = await usedMemory(link);
    executor.stop();
    await Promise.all(runs);
    await executor.close();
    const left = await usedMemory(link);
    return {
      title: `Redis with ${count} trials of the VAE waiting in it`,
      unit: "MB",
      measurements: [
        { name: "before", samples: [empty] },
        { name: "with all of them", samples: [full] },
        { name: "taken out again", samples: [left] },
      ],
      comparisons: [],
      notes: [`They were there after ${seconds.toFixed(1)} seconds.`],
    };
  } finally {
    link.close();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function usedMemory({ client }: Link): Promise<number> {
  const [, bytes] = /used_memory:(\d+)/.exec(await client.info("memory"))!;
  return Math.round(Number(bytes) / 1e5) / 10;
}
