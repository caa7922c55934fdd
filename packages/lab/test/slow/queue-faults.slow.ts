/** What is killed at any moment, and started again: nothing is lost, and nothing is there twice. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { noise } from "@softdraw/testing/bytes";
import type { WorkerOptions } from "@softdraw/testing/queue-worker";
import { missingRedis, type RedisServer, startRedis } from "@softdraw/testing/redis-server";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { QUEUE_WORKER, toys, toyTrials } from "@softdraw/testing/toy-sweep";
import { afterEach, describe, expect, test } from "vitest";
import { readOutcomes, TRIALS } from "../../src/sweeps/conduct.ts";
import { connectRedis } from "../../src/sweeps/redis.ts";
import { trainTrial, trialName } from "../../src/sweeps/trial.ts";
import { useTemporaryFolder } from "../runs/temporary-folder.ts";
import type { CoordinatorOptions } from "../sweeps/queue-coordinator.ts";
import { TIMING, trialBytes } from "../sweeps/queue-support.ts";

const ROUNDS = 8;
const SEED = 11;
/** Milliseconds between two kills, at most: less than a trial takes, more than a program does to start. */
const LONGEST_MS = 2_000;
const SWEEP = { seeds: 6, temperatures: [0.5, 2], config: { epochs: 6, delay: 60 } };
/** A killed worker's trial is given to another after so long. */
const LOCKS = { ...TIMING, lockMs: 3_000, stalledMs: 500 };

/** Where programs run: the loader looks for its configuration there. */
const HOME = fileURLToPath(new URL("../../", import.meta.url));
const COORDINATOR = new URL("../sweeps/queue-coordinator.ts", import.meta.url);

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  /** What it has said. */
  out(): string;
  kill(): Promise<void>;
}

const children = new Set<ChildProcess>();
let server: RedisServer | undefined;
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await server?.remove();
});

function start(program: URL, options: object): Program {
  const file = fileURLToPath(program);
  const child = spawn(process.execPath, [...RUN_SOURCES, file, JSON.stringify(options)], {
    cwd: HOME,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
  }
  const ended = once(child, "close").finally(() => children.delete(child));
  return {
    child,
    ended,
    out: () => out,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Whether it was started just as Redis was killed: then it ends at once, and whoever started it does so again. */
function foundNoRedis({ out }: Program): boolean {
  return out().includes("No connection to Redis");
}

const folder = useTemporaryFolder();

describe.skipIf(missingRedis)("kill -9", () => {
  test(`of workers, sweep and Redis, ${ROUNDS} times, with seed ${SEED}`, { timeout: 600_000 }, async () => {
    server = await startRedis();
    const { url, kill, start: startAgain } = server;
    const startWorker = (name: string) =>
      start(QUEUE_WORKER, { url, folder: folder.path(name), workers: 1, timing: LOCKS } satisfies WorkerOptions);
    const startSweep = (name: string) =>
      start(COORDINATOR, {
        ...SWEEP,
        url,
        home: folder.path(name),
        lookMs: 500,
      } satisfies CoordinatorOptions);

    const workers = [startWorker("worker-0"), startWorker("worker-1")];
    const sweeps = ["sweep-0"];
    let sweep = startSweep("sweep-0");
    const bytes = noise(2 * ROUNDS, SEED);
    const killed: string[] = [];
    for (let round = 0; round < ROUNDS; ) {
      const moment = sleep((bytes[2 * round]! / 256) * LONGEST_MS).then(() => "moment" as const);
      for (const [i, worker] of workers.entries()) {
        if (foundNoRedis(worker)) workers[i] = startWorker(`worker-${i}-again-${round}`);
      }
      if ((await Promise.race([moment, sweep.ended])) !== "moment") {
        if (foundNoRedis(sweep)) {
          sweep = startSweep(sweeps.at(-1)!);
          continue;
        }
        // One sweep is done before all the kills are.
        expect(sweep.out()).toContain('"finished"');
        sweeps.push(`sweep-${sweeps.length}`);
        sweep = startSweep(sweeps.at(-1)!);
        continue;
      }
      const victim = bytes[2 * round + 1]! % 4;
      killed.push(["worker", "worker", "sweep", "Redis"][victim]!);
      if (victim < 2) {
        await workers[victim]!.kill();
        workers[victim] = startWorker(`worker-${victim}-${round}`);
      } else if (victim === 2) {
        await sweep.kill();
        sweep = startSweep(sweeps.at(-1)!);
      } else {
        await kill();
        await startAgain();
      }
      round++;
    }
    for (;;) {
      await sweep.ended;
      if (!foundNoRedis(sweep)) break;
      sweep = startSweep(sweeps.at(-1)!);
    }
    expect(sweep.out()).toContain('"finished"');
    console.log(`seed ${SEED}: killed ${killed.join(", ")}; ${sweeps.length} sweeps of ${SWEEP.seeds * 2} trials`);

    const { trials } = toyTrials(SWEEP);
    const alone = folder.path("alone");
    await mkdir(alone);
    const context = { experiments: toys, folder: join(alone, TRIALS), stop: new AbortController().signal };
    for (const { number, config } of trials) await trainTrial({ trial: number, experiment: "toy", config }, context);
    for (const name of sweeps) {
      const outcomes = await readOutcomes(folder.path(name));
      expect(outcomes.map(({ trial }) => trial).toSorted((a, b) => a - b)).toEqual(trials.map(({ number }) => number));
      expect(outcomes.filter(({ state }) => state !== "done")).toEqual([]);
      for (const { number } of trials) {
        expect(await trialBytes(folder.path(name), trialName(number))).toEqual(
          await trialBytes(alone, trialName(number)),
        );
      }
    }
    const link = await connectRedis(url, { say() {} });
    expect(await link.client.keys("*sweep-*")).toEqual([]);
    expect(await link.client.get("softdraw:states:bytes")).toBe("0");
    link.close();
  });
});
