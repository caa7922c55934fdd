import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { afterEach, describe, expect, test } from "vitest";
import { isLocked, takeLock } from "../../src/runs/lock.ts";
import { ownIdentity } from "../../src/runs/processes.ts";
import type { Answer, Order } from "./lock-contender.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const lock = () => folder.path("lock");
const since = "2026-11-22T10:00:00.000Z";
const onLinux = process.platform === "linux";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

const writeHolder = (holder: object) =>
  writeFile(lock(), JSON.stringify({ pid: process.pid, host: hostname(), since, ticks: null, ...holder }));

function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

async function deadProcess(): Promise<number> {
  const child = start(process.execPath, "--version");
  await once(child, "exit");
  return child.pid!;
}

const sleeper = () => start(process.execPath, "--eval", "setTimeout(() => {}, 60_000)");

/** A process that takes locks as it is told to, started by the program in `by` if there is one. */
function startContender(by: readonly string[] = []): ChildProcess {
  const file = fileURLToPath(new URL("./lock-contender.ts", import.meta.url));
  const [command, ...args] = [...by, process.execPath, ...RUN_SOURCES, file];
  const child = spawn(command!, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  children.push(child);
  return child;
}

async function order(contender: ChildProcess, message: Order): Promise<Answer> {
  contender.send(message);
  const [answer] = await once(contender, "message");
  return answer;
}

/** Namespaces of process numbers, as containers have them, take Linux and its permission. */
const hasNamespaces = spawnSync("unshare", ["--user", "--map-root-user", "--pid", "--fork", "true"]).status === 0;

describe("a lock", () => {
  test("names its process, host and time, and is gone when released", async () => {
    const before = new Date().toISOString();
    const release = await takeLock(lock());
    const holder = JSON.parse(await readFile(lock(), "utf8"));
    expect(holder).toMatchObject({ pid: process.pid, host: hostname() });
    expect(holder.since >= before && holder.since <= new Date().toISOString()).toBe(true);
    expect(await isLocked(lock())).toBe(true);
    await release();
    expect(await isLocked(lock())).toBe(false);
    expect(await readdir(folder.path())).toEqual([]);
  });

  test("is refused while this process has it, and leaves no other file", async () => {
    const release = await takeLock(lock());
    await expect(takeLock(lock())).rejects.toThrow(`${folder.path()} is in use by process ${process.pid} since 2`);
    expect(await readdir(folder.path())).toEqual(["lock"]);
    await release();
    await (await takeLock(lock()))();
  });

  test("of another live process is refused, naming the process and since when", async () => {
    const { pid } = sleeper();
    await writeHolder({ pid });
    await expect(takeLock(lock())).rejects.toThrow(`is in use by process ${pid} since ${since}`);
    expect(await isLocked(lock())).toBe(true);
  });

  test("of a dead process is taken over", async () => {
    await writeHolder({ pid: await deadProcess() });
    expect(await isLocked(lock())).toBe(false);
    const release = await takeLock(lock());
    expect(JSON.parse(await readFile(lock(), "utf8")).pid).toBe(process.pid);
    await release();
    expect(await readdir(folder.path())).toEqual([]);
  });

  test("of a process killed a moment ago is taken over", async () => {
    const child = sleeper();
    await writeHolder({ pid: child.pid });
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await takeLock(lock()))();
  });

  test.skipIf(!onLinux)("of a killed process that its parent has not asked after is taken over", async () => {
    const parent = start("sh", "-c", "sleep 60 & echo $!; exec sleep 60");
    const [output] = await once(parent.stdout!, "data");
    const pid = Number(String(output));
    // Until the shell has become `sleep`, it would still ask.
    await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, "utf8")).toBe("sleep\n");
    process.kill(pid, "SIGKILL");
    await expect.poll(() => readFile(`/proc/${pid}/stat`, "utf8")).toContain(") Z ");
    await writeHolder({ pid });
    await (await takeLock(lock()))();
  });

  test.skipIf(!onLinux)("of a dead process whose number is used again is taken over", async () => {
    await writeHolder({ ticks: "1" });
    expect(await isLocked(lock())).toBe(false);
    await (await takeLock(lock()))();
  });

  test("of another host is refused, naming the host and the file to delete", async () => {
    await writeHolder({ pid: await deadProcess(), host: "elsewhere" });
    await expect(takeLock(lock())).rejects.toThrow(
      new RegExp(`in use by process \\d+ on host elsewhere since ${since}.*delete ${lock()}$`),
    );
    expect(await isLocked(lock())).toBe(true);
  });

  const elsewhere = { boot: "0", namespace: "pid:[1]", machine: null };
  const cannotTell = (where: string) => new RegExp(`is in use by process \\d+ ${where}.* delete ${lock()}$`);

  test.skipIf(!onLinux)(
    "of another container on this host is refused, whether it has such a process or not",
    async () => {
      const { place } = await ownIdentity();
      const own = cannotTell(`on this host, ${hostname()}, but in another container`);
      for (const other of [{ namespace: "pid:[1]" }, { boot: "0", machine: null }, elsewhere]) {
        for (const pid of [process.pid, await deadProcess()]) {
          await writeHolder({ pid, place: { ...place, ...other } });
          await expect(takeLock(lock())).rejects.toThrow(own);
          expect(await isLocked(lock())).toBe(true);
        }
      }
      await writeHolder({ host: "another\u001b[2J", place: elsewhere });
      await expect(takeLock(lock())).rejects.toThrow(cannotTell("on host another\\[2J since"));
    },
  );

  test.skipIf(!onLinux)("of a dead process in this container is taken over, whatever the host was called", async () => {
    const { place } = await ownIdentity();
    await writeHolder({ pid: await deadProcess(), host: "before", place });
    await (await takeLock(lock()))();
  });

  test.skipIf(!hasNamespaces)("is not taken from a process whose number means nothing in a container", async () => {
    await (await takeLock(lock()))();
    const release = await takeLock(lock());
    const inside = startContender(["unshare", "--user", "--map-root-user", "--pid", "--fork"]);
    const { taken, reason } = await order(inside, { take: lock() });
    expect({ taken, reason }).toEqual({ taken: false, reason: expect.stringMatching(cannotTell("on this host")) });
    await release();
    expect(await order(inside, { take: lock() })).toMatchObject({ taken: true });
    await expect(takeLock(lock())).rejects.toThrow(cannotTell("on this host"));
    expect(await order(inside, "release")).toMatchObject({ taken: true });
    expect(await readdir(folder.path())).toEqual([]);
  });

  test("that is taken leaves nothing of those that were killed while they took it", async () => {
    await writeFile(folder.path("lock.0123456789ab"), "half a dra");
    await writeFile(folder.path("lock.takeover.0123456789ab"), "");
    await writeHolder({ pid: await deadProcess() });
    await writeFile(folder.path("lock.takeover"), await readFile(lock()));
    await rm(lock());
    for (const name of ["lock.md", "locks.0123456789ab", "lock.0123456789ab.txt"])
      await writeFile(folder.path(name), "");
    const release = await takeLock(lock());
    expect((await readdir(folder.path())).sort()).toEqual([
      "lock",
      "lock.0123456789ab.txt",
      "lock.md",
      "locks.0123456789ab",
    ]);
    await release();
  });

  test.each(["", "my notes", '{"pid":-1}', "null"])("that no process of ours wrote is refused: %j", async (text) => {
    await writeFile(lock(), text);
    await expect(takeLock(lock())).rejects.toThrow(
      `${lock()}: expected a lock with pid, host, since and ticks, got ${JSON.stringify(text)}`,
    );
    expect(await readFile(lock(), "utf8")).toBe(text);
  });

  test("that cannot be written says why", async () => {
    await expect(takeLock(folder.path("no/lock"))).rejects.toThrow(
      `cannot write ${folder.path("no/lock")}: its folder does not exist (ENOENT)`,
    );
  });

  test("that is another's by now is not released", async () => {
    const release = await takeLock(lock());
    await writeHolder({ pid: 1 });
    await release();
    expect(await isLocked(lock())).toBe(true);
  });

  test("is taken over though the process that was taking it over died as well", async () => {
    await writeHolder({ pid: await deadProcess() });
    await writeFile(folder.path("lock.takeover"), await readFile(lock()));
    await (await takeLock(lock()))();
    expect(await readdir(folder.path())).toEqual([]);
  });
});

describe("of several that find a stale lock at once", () => {
  test("one in the same process gets it", async () => {
    await writeHolder({ pid: await deadProcess() });
    const takers = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(lock())));
    expect(takers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(JSON.parse(await readFile(lock(), "utf8")).pid).toBe(process.pid);
  });

  test("one of three processes gets it, every time", async () => {
    const contenders = Array.from({ length: 3 }, () => startContender());
    const pid = await deadProcess();
    for (let round = 0; round < 50; round++) {
      await writeHolder({ pid });
      const answers = await Promise.all(contenders.map((contender) => order(contender, { take: lock() })));
      const winners = contenders.filter((_, index) => answers[index]!.taken);
      expect(winners).toHaveLength(1);
      expect(JSON.parse(await readFile(lock(), "utf8")).pid).toBe(winners[0]!.pid);
      for (const { reason } of answers.filter(({ taken }) => !taken)) expect(reason).toContain("is in use by process");
      await order(winners[0]!, "release");
      expect(await readdir(folder.path())).toEqual([]);
    }
  });
});
