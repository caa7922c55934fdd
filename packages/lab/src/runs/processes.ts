/**
 * Processes that can be told from all others, so that what one has left is known for what it is once it is gone.
 *
 * A process number alone says little: it is used again, it counts anew after every start of the system, and in a container it
 * counts apart from those outside, whatever the host is called.
 */

import { createHmac } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { errorCode } from "./files.ts";

/** A process, as it is written down for others to find. What a system does not tell is null. */
export const ProcessIdentity = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** The process's start in clock ticks since the system's: a process number is used again, this is not. */
  ticks: z.string().nullable(),
  /** Where its number counts. Missing in what was written before version 0.1.0. */
  place: z
    .object({
      /** Of this start of the system's kernel, by which containers of one kernel are told from those of another. */
      boot: z.string(),
      /** The namespace of process numbers: a container has one of its own. */
      namespace: z.string(),
      /** The installed system, the same after every start. */
      machine: z.string().nullable(),
    })
    .nullable()
    .optional(),
});

export type ProcessIdentity = Readonly<z.infer<typeof ProcessIdentity>>;

/** Whether a process runs; `unknown` where that cannot be told from here. */
export type Fate = "alive" | "dead" | "unknown";

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [status, place] = await Promise.all([processStatus(process.pid), ownPlace()]);
  return { pid: process.pid, host: hostname(), ticks: status?.ticks ?? null, place };
}

/** @param own the process that asks: this one */
export async function fateOf(other: ProcessIdentity, own?: ProcessIdentity): Promise<Fate> {
  const asking = own ?? (await ownIdentity());
  if (endedWithItsSystem(other, asking)) return "dead";
  if (!countsAlike(other, asking)) return "unknown";
  return (await isRunning(other)) ? "alive" : "dead";
}

/** Whether the number of another process means here what it meant there. */
function countsAlike(other: ProcessIdentity, own: ProcessIdentity): boolean {
  // Where no place was written down, the host's name has to do.
  if (other.place === undefined || (other.place === null && own.place === null)) return other.host === own.host;
  return other.place?.boot === own.place?.boot && other.place?.namespace === own.place?.namespace;
}

/**
 * Whether the system that a process ran on has been started anew since, as after a power cut. That is known outside of
 * containers only: in those, many machines may have the same image, and with it the same name and the same machine.
 */
function endedWithItsSystem(other: ProcessIdentity, own: ProcessIdentity): boolean {
  const [before, now] = [other.place, own.place];
  if (!before || !now || before.machine === null) return false;
  const isSameSystem = before.machine === now.machine && other.host === own.host;
  const isOutside = before.namespace === INITIAL_NAMESPACE && now.namespace === INITIAL_NAMESPACE;
  return isSameSystem && isOutside && before.boot !== now.boot;
}

/** The kernel's first namespace of process numbers has the same name on every Linux. */
const INITIAL_NAMESPACE = "pid:[4026531836]";

async function isRunning({ pid, ticks }: ProcessIdentity): Promise<boolean> {
  if (!processExists(pid)) return false;
  const status = await processStatus(pid);
  if (status === undefined) return true;
  // A killed process that its parent has not asked after yet still has its number, as a zombie.
  return status.state !== "Z" && status.state !== "X" && (ticks === null || status.ticks === ticks);
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

async function ownPlace(): Promise<ProcessIdentity["place"]> {
  const told = [readFile("/proc/sys/kernel/random/boot_id", "utf8"), readlink("/proc/self/ns/pid")];
  const [boot, namespace] = await Promise.all(told).catch(() => []);
  if (boot === undefined || namespace === undefined) return null;
  return { boot: boot.trim(), namespace, machine: await machine() };
}

/** A digest, because the machine's number itself is nobody else's business (`man machine-id`). */
async function machine(): Promise<string | null> {
  const id = await readFile("/etc/machine-id", "utf8").catch(() => "");
  return id.trim() === "" ? null : createHmac("sha256", id.trim()).update("softdraw").digest("hex").slice(0, 32);
}

/** What Linux tells of a process (`man proc_pid_stat`); undefined on other systems. */
async function processStatus(pid: number): Promise<{ state: string; ticks: string } | undefined> {
  // In a namespace of its own, a process may still see the numbers of those outside.
  const self = await readlink("/proc/self").catch(() => undefined);
  if (self !== String(process.pid)) return undefined;
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  // The second field is the program's name in parentheses, which may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, ticks] = [fields[0], fields[19]];
  return state !== undefined && ticks !== undefined ? { state, ticks } : undefined;
}
