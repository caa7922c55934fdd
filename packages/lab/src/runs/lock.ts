/**
 * One process at a time: a lock file that names its holder, and that counts for nothing once the holder is dead.
 *
 * No lock of the operating system is used, because Node offers none; so a lock outlives a killed process and the next
 * one has to see that it is stale.
 */

import { randomBytes } from "node:crypto";
import { constants, copyFile, link, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { z } from "zod";
import { discard, errorCode, openAny, readWhole, writeFailure, writeSynced } from "./files.ts";

const Holder = z.object({
  pid: z.int().positive(),
  host: z.string(),
  since: z.iso.datetime(),
  /** The process's start in clock ticks since boot, where the system tells it: a process number is used again, this is not. */
  ticks: z.string().nullable(),
});

type Holder = z.infer<typeof Holder>;

/** Gives the lock back; does nothing if it has been taken away meanwhile. */
export type Release = () => Promise<void>;

/**
 * Takes the lock file at `path`, from a dead process on this host if need be.
 *
 * Throws, naming the process and since when, if a live one has it; naming the host and the file to delete, if a process
 * on another host has it, because from here nobody can see whether that is alive.
 */
export async function takeLock(path: string): Promise<Release> {
  const own = JSON.stringify(await describeSelf());
  while (!(await createWhole(path, own))) await clearStale(path);
  return async () => {
    if ((await readText(path)) === own) await rm(path, { force: true });
  };
}

/** Whether some process holds the lock file at `path`. One on another host is taken to be alive. */
export async function isLocked(path: string, opener = openAny): Promise<boolean> {
  const holder = await readHolder(path, opener);
  return holder !== undefined && !(await isDead(holder));
}

/** Makes the file with all its text in one step, so that nobody ever reads half a lock; false if it exists. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeSynced(draft, text);
    await linkOrCopy(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw writeFailure(path, error);
  } finally {
    await discard(draft);
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // exFAT and some network drives have no hard links. A copy is not made in one step, but it fails as well if the file exists.
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"].includes(errorCode(error) ?? "")) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

/**
 * Removes the lock of a dead process, and throws if its holder may be alive.
 *
 * Of two processes that find the same stale lock, the slower one must not remove what the faster one has just made. So
 * a lock is looked at again and removed under a second lock, which is an ordinary one: if its holder dies, it goes stale
 * and is cleared in the same way.
 */
async function clearStale(path: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder === undefined) return;
  if (!(await isDead(holder))) throw new Error(inUse(path, holder));
  const release = await takeLock(`${path}.takeover`);
  try {
    const current = await readHolder(path);
    if (current !== undefined && (await isDead(current))) await rm(path);
  } finally {
    await release();
  }
}

function inUse(path: string, { pid, host, since }: Holder): string {
  const folder = dirname(path);
  if (host === hostname()) return `${folder} is in use by process ${pid} since ${since}`;
  return (
    `${folder} is in use by process ${pid} on host ${host} since ${since}; this host, ${hostname()}, cannot tell ` +
    `whether that still runs: if it does not, delete ${path}`
  );
}

async function readHolder(path: string, opener = openAny): Promise<Holder | undefined> {
  const text = await readText(path, opener);
  if (text === undefined) return undefined;
  try {
    return Holder.parse(JSON.parse(text));
  } catch (error) {
    const expected = "a lock with pid, host, since and ticks";
    const got = JSON.stringify(text.slice(0, 80));
    throw new Error(`${path}: expected ${expected}, got ${got}; if no process uses the folder, delete that file`, {
      cause: error,
    });
  }
}

async function readText(path: string, opener = openAny): Promise<string | undefined> {
  return (await readWhole(path, opener))?.toString();
}

async function describeSelf(): Promise<Holder> {
  const status = await processStatus(process.pid);
  return { pid: process.pid, host: hostname(), since: new Date().toISOString(), ticks: status?.ticks ?? null };
}

async function isDead({ pid, host, ticks }: Holder): Promise<boolean> {
  if (host !== hostname()) return false;
  if (!processExists(pid)) return true;
  const status = await processStatus(pid);
  if (status === undefined) return false;
  // A killed process that its parent has not asked after yet still has its number, as a zombie.
  return status.state === "Z" || status.state === "X" || (ticks !== null && status.ticks !== ticks);
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not permitted: there is such a process, and it is another user's.
    return errorCode(error) === "EPERM";
  }
}

/** What Linux tells of a process (`man proc_pid_stat`); undefined on other systems. */
async function processStatus(pid: number): Promise<{ state: string; ticks: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  // The second field is the program's name in parentheses, which may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, ticks] = [fields[0], fields[19]];
  return state !== undefined && ticks !== undefined ? { state, ticks } : undefined;
}
