/**
 * One process at a time: a lock file that names its holder, and that counts for nothing once the holder is dead.
 *
 * No lock of the operating system is used, because Node offers none; so a lock outlives a killed process and the next
 * one has to see that it is stale.
 */

import { randomBytes } from "node:crypto";
import { constants, copyFile, link, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { foreignText, foreignValue } from "@softdraw/experiments/foreign-text";
import { parseJson } from "@softdraw/experiments/json";
import { z } from "zod";
import { discard, errorCode, openAny, readWhole, writeFailure, writeSynced } from "./files.ts";
import { fateOf, ownIdentity, ProcessIdentity } from "./processes.ts";

const Holder = ProcessIdentity.extend({ since: z.iso.datetime() });

type Holder = z.infer<typeof Holder>;

/** Gives the lock back; does nothing if it has been taken away meanwhile. */
export type Release = () => Promise<void>;

/**
 * Takes the lock file at `path`, from a dead process if need be, and removes what dead ones have left of theirs beside it.
 *
 * Throws, naming the process and since when, if a live one has it; naming the file to delete as well, if it is a process on
 * another host or in another container, because from here nobody can see whether that is alive.
 */
export async function takeLock(path: string): Promise<Release> {
  const own = JSON.stringify({ ...(await ownIdentity()), since: new Date().toISOString() });
  while (!(await createWhole(path, own))) await clearStale(path);
  await tidy(path);
  return async () => {
    if ((await readText(path)) === own) await rm(path, { force: true });
  };
}

/** Whether some process holds the lock file at `path`. One of which that cannot be told is taken to be alive. */
export async function isLocked(path: string, opener = openAny): Promise<boolean> {
  const holder = await readHolder(path, opener);
  return holder !== undefined && (await fateOf(holder)) !== "dead";
}

/** Makes the file with all its text in one step, so that nobody ever reads half a lock; false if it exists. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  let isWritten = false;
  try {
    await writeSynced(draft, text);
    isWritten = true;
    await linkOrCopy(draft, path);
    return true;
  } catch (error) {
    // A draft that is gone was removed by who has taken the lock meanwhile.
    if (errorCode(error) === "EEXIST" || (isWritten && errorCode(error) === "ENOENT")) return false;
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
 * Removes what killed processes have left beside a lock that is taken: their drafts of it, and the second locks under which
 * they were clearing a stale one. A draft of a process that is alive may be among them: that process tries again, and finds
 * the lock taken.
 */
async function tidy(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  const beside = (await readdir(folder)).filter((other) => other.startsWith(`${name}.`));
  for (const other of beside) {
    const rest = other.slice(name.length);
    if (/^(\.takeover)*\.[\da-f]{12}$/.test(rest)) await discard(join(folder, other));
    // One that is alive keeps its own.
    else if (/^(\.takeover)+$/.test(rest)) await clearStale(join(folder, other)).catch(() => {});
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
  const fate = await fateOf(holder);
  if (fate !== "dead") throw new Error(inUse(path, holder, fate));
  const release = await takeLock(`${path}.takeover`);
  try {
    const current = await readHolder(path);
    if (current !== undefined && (await fateOf(current)) === "dead") await rm(path);
  } finally {
    await release();
  }
}

function inUse(path: string, { pid, host, since }: Holder, fate: "alive" | "unknown"): string {
  const by = `${dirname(path)} is in use by process ${pid}`;
  if (fate === "alive") return `${by} since ${since}`;
  const own = hostname();
  const where =
    host === own
      ? `on this host, ${own}, but in another container or before it was started anew, since ${since}; from here nobody can tell`
      : `on host ${foreignText(host)} since ${since}; this host, ${own}, cannot tell`;
  return `${by} ${where} whether that still runs: if it does not, delete ${path}`;
}

async function readHolder(path: string, opener = openAny): Promise<Holder | undefined> {
  const text = await readText(path, opener);
  if (text === undefined) return undefined;
  try {
    return Holder.parse(parseJson(text));
  } catch (error) {
    const expected = "a lock with pid, host, since and ticks";
    const got = foreignValue(text);
    throw new Error(`${path}: expected ${expected}, got ${got}; if no process uses the folder, delete that file`, {
      cause: error,
    });
  }
}

async function readText(path: string, opener = openAny): Promise<string | undefined> {
  return (await readWhole(path, opener))?.toString();
}
