/**
 * A contestant is a program of its own, with its own engine and threads. It does so much work for every number it reads
 * on standard input, and answers with a JSON line: see contestants/serve.ts and peers/serve.py.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { RUN_SOURCES } from "@softdraw/testing/sources";

export interface Contestant {
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** Steps or calls in a turn: enough for the clock, few enough that the next contestant meets the same machine. */
  readonly amount: number;
  /** Why it cannot run here. */
  readonly missing?: (() => string | undefined) | undefined;
}

export interface Answer {
  /** Milliseconds a step or call. */
  readonly ms: number;
  /** What the last step minimized, from contestants that train. */
  readonly loss?: number;
  /** At the end of every epoch, from a contestant that watches it. */
  readonly memory?: readonly MemoryUse[];
  /** Why the work could not be done; then `ms` is not a number. */
  readonly failed?: string;
  /** The same as a CUDA graph, which is recorded once and played again. */
  readonly graph?: number;
  /** From a contestant that computes on a graphics card. */
  readonly card?: CardTimes;
}

/** Milliseconds, but for `counts`. */
export interface CardTimes {
  /** The first call, which traces and compiles. */
  readonly first: number;
  /** Of the processor, until a call has been submitted; in a row. */
  readonly issue: number;
  /** Of a call, each awaited before the next. */
  readonly alone: number;
  /** Of a call in a row, with some under way at once. */
  readonly inARow: number;
  /** What reaches WebGPU of a call. */
  readonly counts?: Counts | undefined;
}

/** Calls of WebGPU. */
export interface Counts {
  readonly dispatches: number;
  readonly submits: number;
  readonly buffers: number;
  readonly bindGroups: number;
}

/** In megabytes. */
export interface MemoryUse {
  /** Of the whole process, as the system counts it. */
  readonly resident: number;
  /** JavaScript objects, those that wait for collection included. */
  readonly heap: number;
  /** The engine's own memory, which only ever grows. */
  readonly wasm: number;
}

interface RunningContestant {
  ask(amount: number): Promise<Answer>;
  stop(): Promise<void>;
}

/** Debian's, or the one that the environment names. */
const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

/** A program of contestants/, with its options. */
export function nodeContestant(name: string, program: string, options: object, amount: number): Contestant {
  const file = path(`./contestants/${program}.ts`);
  return { name, amount, command: [process.execPath, ...RUN_SOURCES, file, JSON.stringify(options)] };
}

/** A program of peers/, which needs PyTorch. */
export function torchContestant(
  name: string,
  program: string,
  args: readonly string[],
  amount: number,
  device: "cpu" | "cuda" = "cpu",
): Contestant {
  const missing = () => missingTorch(device);
  return { name, amount, command: [PYTHON, path(`../peers/${program}.py`), ...args], missing };
}

/** A program of peers/, which needs NumPy alone. */
export function numpyContestant(name: string, program: string, args: readonly string[], amount: number): Contestant {
  return { name, amount, command: [PYTHON, path(`../peers/${program}.py`), ...args], missing: missingNumpy };
}

/** A part of a contestant's name. */
export function threadsText(threads: number): string {
  return `${threads} thread${threads === 1 ? "" : "s"}`;
}

/** Starts the program. What it needs to warm up is part of its first answer. */
export function startContestant({ name, command }: Contestant): RunningContestant {
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd: path(".."), stdio: ["pipe", "pipe", "pipe"] });
  const errors = lastOf(child);
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // A program that has ended does not read; that it ended is told when its answer is missing.
  child.stdin.on("error", () => {});
  return {
    async ask(amount) {
      child.stdin.write(`${amount}\n`);
      const { value, done } = await lines.next();
      if (!done) return JSON.parse(value);
      await ended;
      throw new Error(`${name} ended without an answer (exit code ${child.exitCode}):\n${errors()}`);
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The last of what a program says on standard error, and why it could not be started. */
function lastOf(child: ChildProcess): () => string {
  let text = "";
  const add = (more: unknown) => {
    text = `${text}${more}`.slice(-4000);
  };
  child.stderr!.setEncoding("utf8").on("data", add);
  child.on("error", add);
  return () => text;
}

const torch = new Map<string, string | undefined>();

function missingTorch(device: "cpu" | "cuda"): string | undefined {
  if (!torch.has(device)) torch.set(device, askForTorch(device));
  return torch.get(device);
}

function askForTorch(device: "cpu" | "cuda"): string | undefined {
  const asked = device === "cuda" ? "import torch; assert torch.cuda.is_available()" : "import torch";
  const { status } = spawnSync(PYTHON, ["-c", asked], { stdio: "ignore" });
  if (status === 0) return undefined;
  if (device === "cuda") return `${PYTHON} has no PyTorch with CUDA`;
  return `${PYTHON} has no PyTorch (on Debian: apt-get install python3-torch)`;
}

let hasNumpy: boolean | undefined;

function missingNumpy(): string | undefined {
  hasNumpy ??= spawnSync(PYTHON, ["-c", "import numpy"], { stdio: "ignore" }).status === 0;
  return hasNumpy ? undefined : `${PYTHON} has no NumPy (on Debian: apt-get install python3-numpy)`;
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
