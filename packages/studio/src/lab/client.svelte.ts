/** The page's side of the experiments' thread, which is started when a page first needs it. */

import type { ModuleFile } from "@softdraw/experiments/experiment";
import type { ServedModules } from "@softdraw/lab/server/modules-api";
import { type Remote, wrap } from "comlink";
import { sha256 } from "../checksum.ts";
import { askedDevice, messageOf } from "../engine/client.svelte.ts";
import type { ExperimentFacts } from "./catalog.ts";
import type { LabApi } from "./worker.ts";

interface Connection extends LabThread {
  engine?: Promise<unknown>;
}

export interface LabThread {
  readonly api: Remote<LabApi>;
  /** Rejects when the thread cannot be had, or ends by itself. */
  readonly broken: Promise<never>;
  /** Whatever it is at. */
  end(): void;
}

let connection: Connection | undefined;
let facts: Promise<readonly ExperimentFacts[]> | undefined;

/** Answers what needs no engine: descriptions and checks. */
export function askLab<T>(task: (api: Remote<LabApi>) => Promise<T>): Promise<T> {
  const { api, broken } = connect();
  return Promise.race([task(api), broken]);
}

/** Answers what needs the engine, once it runs. */
export async function askLabEngine<T>(task: (api: Remote<LabApi>) => Promise<T>): Promise<T> {
  const own = connect();
  own.engine ??= askLab((api) => api.startEngine(askedDevice()));
  await own.engine;
  return askLab(task);
}

/** Of all experiments, those of modules that come with the page's server among them. */
export function experimentFacts(): Promise<readonly ExperimentFacts[]> {
  facts ??= takeServedModules().then(() => askLab((api) => api.describeExperiments()));
  return facts;
}

/** What is wrong with modules of experiments that came with the page's server, a sentence each. */
export const moduleProblems = $state<{ current: readonly string[] }>({ current: [] });

async function takeServedModules(): Promise<void> {
  const problems: string[] = [];
  try {
    const response = await fetch("api/experiments.json", { cache: "no-cache" });
    for (const module of (await response.json()) as ServedModules) {
      if ("problem" in module) problems.push(`${module.path}: ${module.problem}`);
      else await takeModule(module.text, module).catch((error) => problems.push(messageOf(error)));
    }
  } catch (error) {
    problems.push(`The server could not be asked for experiments: ${messageOf(error)}`);
  }
  moduleProblems.current = problems;
}

/**
 * Takes an experiment of the reader's own from a file.
 *
 * @returns its name
 */
export async function takeExperimentFile(file: File): Promise<string> {
  if (file.size > LARGEST_MODULE)
    throw new Error(`${file.name}: expected a module of at most ${LARGEST_MODULE} bytes, got ${file.size}.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const checksum = await sha256("A module of one's own", bytes);
  const name = await takeModule(new TextDecoder().decode(bytes), { path: file.name, checksum });
  facts = askLab((api) => api.describeExperiments());
  return name;
}

const LARGEST_MODULE = 1_000_000;

/** Those that the thread of the experiments has: one that is started in its place takes them again. */
const taken: { readonly text: string; readonly file: ModuleFile }[] = [];

/** For a module to be loaded in, which computes next to nothing. */
const LONGEST_LOADING = 10_000;

/** Its code runs in the thread of the experiments, which has the engine by then, and which a loop without end would keep for ever. */
async function takeModule(text: string, { path, checksum }: ModuleFile): Promise<string> {
  const file = { path, checksum };
  const take = (one: (typeof taken)[number]) => askLabEngine((api) => api.takeExperiment(one.text, one.file));
  await askLabEngine(async () => {});
  const name = await within(LONGEST_LOADING, take({ text, file }));
  if (name !== undefined) {
    taken.push({ text, file });
    return name;
  }
  connection?.end();
  connection = undefined;
  for (const one of taken) await take(one);
  throw new Error(
    `${path}: expected a module that is loaded within ${LONGEST_LOADING / 1000} seconds, got one that is not: ` +
      "is there a loop without end, or an await of what never comes?",
  );
}

/** Undefined when it takes longer. */
function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, milliseconds));
  return Promise.race([promise, late]);
}

function connect(): Connection {
  connection ??= startLabThread("lab");
  return connection;
}

/** A thread of the experiments beside the one that trains, such as for a program of the reader's. */
export function startLabThread(name: string): LabThread {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name });
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener("error", (event) => {
      reject(new Error(event.message || "The thread of the experiments could not be loaded."));
    });
  });
  broken.catch(() => {});
  return { api: wrap<LabApi>(worker), broken, end: () => worker.terminate() };
}
