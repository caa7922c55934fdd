/** What the tests of the command line share: the real program in folders of their own, on digits few enough to train in seconds. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { writeFewDigits } from "@softdraw/testing/few-digits";
import { PROGRAM } from "@softdraw/testing/program";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { runCommand } from "../../src/cli/main.ts";
import { ENDING } from "../../src/cli/signals.ts";

export interface Finished {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Waits until standard output has the text so many times; throws if the program ends without. */
  output(text: string, times?: number): Promise<void>;
}

/** Milliseconds for what a file trains before its tests, on a busy machine. */
export const HOOK_TIMEOUT = 120_000;

const running = new Set<ChildProcess>();

/** Starts the program in a folder, with its output in pipes. No test leaves it running. */
export function start(folder: string, ...args: string[]): Started {
  return startCommand(folder, process.execPath, [PROGRAM, ...args]);
}

/** The program as a process of its own, from its start to its end. */
export function softdraw(folder: string, ...args: string[]): Promise<Finished> {
  return start(folder, ...args).finished;
}

/**
 * As `softdraw`, in this process: for tests of what a command does. To start a process and to load all that a command needs
 * takes longer than most commands do. Threads and the reader of a pipe are of the whole process, and are not prepared.
 */
export function call(folder: string, ...args: string[]): Promise<Finished> {
  return within(folder, () => runCommand(args));
}

/** What a command, which returns its exit code, prints in a folder. */
export async function within(folder: string, run: () => Promise<number>): Promise<Finished> {
  const text = { out: "", err: "" };
  const collect = (name: "out" | "err") => (part: string | Uint8Array) => {
    text[name] += part;
    return true;
  };
  const collectLine =
    (name: "out" | "err") =>
    (...values: unknown[]) =>
      void collect(name)(`${format(...values)}\n`);
  const listeners = ENDING.map((signal) => process.listeners(signal));
  const home = process.cwd();
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(collect("out")),
    vi.spyOn(process.stderr, "write").mockImplementation(collect("err")),
    vi.spyOn(console, "log").mockImplementation(collectLine("out")),
    vi.spyOn(console, "error").mockImplementation(collectLine("err")),
  ];
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  process.chdir(folder);
  try {
    const code = await run();
    return { code, ...text };
  } finally {
    process.chdir(home);
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
    // A command listens for signals as long as its process lives.
    for (const [i, signal] of ENDING.entries()) {
      for (const listener of process.listeners(signal))
        if (!listeners[i]!.includes(listener)) process.off(signal, listener);
    }
  }
}

/** `start` for another command that runs the program. */
export function startCommand(folder: string, command: string, args: string[]): Started {
  // Colours as they are without anyone's wish, and no data sets but those in the folder.
  const { FORCE_COLOR, NO_COLOR, ...rest } = process.env;
  const child = spawn(command, args, { cwd: folder, env: { ...rest, XDG_CACHE_HOME: join(folder, "cache") } });
  running.add(child);
  const text = { out: "", err: "" };
  const watchers = new Set<() => void>();
  const collect = (name: "out" | "err") => (part: string) => {
    text[name] += part;
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding("utf8").on("data", collect("out"));
  child.stderr.setEncoding("utf8").on("data", collect("err"));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      resolve({ code: code ?? undefined, ...text });
      for (const watcher of watchers) watcher();
    });
  });
  const output = (wanted: string, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (text.out.split(wanted).length > times) resolve();
        else if (running.has(child)) return;
        else reject(new Error(`ended without "${wanted}":\n${text.out}${text.err}`));
        watchers.delete(look);
      };
      watchers.add(look);
      look();
    });
  return { child, finished, output };
}

/** A folder for the calling file, and in it `digits`, the IDX files of a few digits. `fresh` is a new empty folder for one test. */
export function useFolder(): { path(...names: string[]): string; fresh(): Promise<string> } {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "softdraw-cli-"));
    await writeFewDigits(folder);
  }, HOOK_TIMEOUT);
  afterEach(() => {
    for (const child of running) child.kill("SIGKILL");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return { path: (...names) => join(folder, ...names), fresh: () => mkdtemp(join(folder, "fresh-")) };
}

/** As `tinyTraining`, of the nearest neighbours: figures of the test set are in the record of the last epoch only. */
export function tinyNeighbours(folder: string, epochs: number): string[] {
  const data = ["--data", "mnist", "--data-dir", folder, "--batch", "50", "--epochs", `${epochs}`];
  return ["train", "dknn", ...data, "--threads", "1"];
}

/**
 * The arguments of a training of so many epochs, of four steps each, on the digits in `folder`. Of a layer a side, which is soon
 * compiled, and on one thread, because the tests beside it want the other cores.
 */
export function tinyTraining(folder: string, epochs: number, ...more: string[]): string[] {
  const data = ["--data", "mnist", "--data-dir", folder, "--batch", "50", "--epochs", `${epochs}`];
  return ["train", "vae", ...data, "--variables", "4", "--network", "linear", "--threads", "1", ...more];
}

/** The only run below a folder. */
export async function onlyRun(folder: string): Promise<string> {
  const [name, ...others] = await readdir(join(folder, "runs"));
  if (name === undefined || others.length > 0) throw new Error(`expected one run, got ${[name, ...others]}`);
  return join(folder, "runs", name);
}

/** The lines of an output as JSON. */
export function records(out: string): Record<string, unknown>[] {
  return out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

/** What two runs of the same training have in common to the byte: metrics without timings, and a digest of the checkpoint. */
export async function bytesOf(run: string): Promise<{ metrics: string; checkpoint: string }> {
  const metrics = records(await readFile(join(run, "metrics.jsonl"), "utf8"));
  const checkpoint = await readFile(join(run, "checkpoint.safetensors"));
  return {
    metrics: metrics.map(({ imagesPerSecond: _, ...rest }) => JSON.stringify(rest)).join("\n"),
    checkpoint: createHash("sha256").update(checkpoint).digest("hex"),
  };
}
