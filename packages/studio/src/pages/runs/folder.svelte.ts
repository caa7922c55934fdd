/** The run folder, as the server of this page has it, looked at again and again. */

import type { RecordStretch } from "@softdraw/lab/runs/metrics";
import type { ListedRun, RunList, ServerFacts } from "@softdraw/lab/server/runs-api";
import { onDestroy } from "svelte";
import packageJson from "../../../package.json" with { type: "json" };
import { messageOf } from "../../engine/client.svelte.ts";
import type { KeptRun } from "../../kept.svelte.ts";
import { nameWith, taskOf } from "../../lab/names.ts";

const LOOK_MS = 2000;

/** What the server of this page says of runs; null where it has none. */
export async function runFolder(): Promise<string | null> {
  return ((await ask("api/server.json")) as ServerFacts).runs;
}

/** A run of the folder, or a training of this page that the browser keeps. */
export interface ShownRun extends Omit<ListedRun, "path" | "version" | "result"> {
  readonly kept?: KeptRun;
}

export function shownKept(kept: KeptRun): ShownRun {
  const { name, experiment, created, command, config, records, state } = kept;
  const metrics = records.at(-1);
  const facts = { name, experiment, created, command, config: { ...config }, epochs: records.length, metrics, state };
  return { ...facts, divergence: undefined, files: [], kept };
}

/** The runs of an experiment that have a checkpoint, newest first; none where there is no run folder. */
export async function runsOf(experiment: string): Promise<string[]> {
  if ((await runFolder()) === null) return [];
  const { runs } = (await ask("api/runs")) as RunList;
  const has = ({ files, ...run }: ListedRun) =>
    files.includes("checkpoint.safetensors") && nameWith(run.experiment, taskOf(run.config)) === experiment;
  return runs
    .filter(has)
    .map(({ name }) => name)
    .toReversed();
}

export function fileAddress(run: string, file: string): string {
  return `api/runs/${encodeURIComponent(run)}/${encodeURIComponent(file)}`;
}

export interface WatchedRuns {
  /** Newest first; undefined before the first answer. */
  readonly runs: readonly ListedRun[] | undefined;
  readonly notes: readonly string[];
  readonly damaged: RunList["damaged"];
  /** Whether the folder was there and is not any more: moved, renamed or deleted. */
  readonly isGone: boolean;
  /** Why the last look failed. */
  readonly error: string | undefined;
  /** The records so far of a run that is watched. */
  recordsOf(name: string): readonly Record[];
}

export type Record = Readonly<{ [key: string]: unknown }>;

interface Known {
  readonly records: readonly Record[];
  readonly cursor: string;
}

/** Whether the folder has been seen in this page. */
let wasThere = false;

/**
 * Called as a component is set up.
 *
 * @param isServed whether there is a server of runs; without it there are none
 * @param selected the runs whose records are read, by name
 */
export function watchRuns(isServed: boolean, selected: () => readonly string[]): WatchedRuns {
  let list = $state.raw<RunList | undefined>(isServed ? undefined : NONE);
  let error = $state<string>();
  let known = $state.raw<Readonly<{ [name: string]: Known }>>({});
  let timer: ReturnType<typeof setTimeout> | undefined;
  let text = "";
  let isLooking = false;
  let isGone = false;

  async function look() {
    clearTimeout(timer);
    if (isLooking || isGone || !isServed) return;
    isLooking = true;
    try {
      if (!document.hidden) await lookOnce();
      error = undefined;
    } catch (reason) {
      error = messageOf(reason);
    }
    isLooking = false;
    if (!isGone) timer = setTimeout(look, LOOK_MS);
  }

  async function lookOnce() {
    const found = await askText("api/runs");
    if (found !== text) list = JSON.parse(found);
    text = found;
    wasThere ||= list!.isThere;
    for (const { name, epochs, state } of list?.runs ?? []) {
      const isWanted = selected().includes(name) && (known[name]?.records.length !== epochs || state === "running");
      if (isWanted) known = { ...known, [name]: await readOn(name, known[name]) };
    }
  }

  $effect(() => {
    void selected();
    look();
  });
  const onVisible = () => look();
  document.addEventListener("visibilitychange", onVisible);
  onDestroy(() => {
    isGone = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  });
  const runs = $derived(list?.runs.toReversed());
  return {
    get runs() {
      return runs;
    },
    get notes() {
      return list?.notes ?? [];
    },
    get damaged() {
      return list?.damaged ?? [];
    },
    get isGone() {
      return list?.isThere === false && wasThere;
    },
    get error() {
      return error;
    },
    recordsOf: (name) => known[name]?.records ?? [],
  };
}

const NONE: RunList = { runs: [], damaged: [], notes: [], isThere: false };

async function readOn(name: string, known: Known = { records: [], cursor: "" }): Promise<Known> {
  let { records, cursor } = known;
  for (;;) {
    const stretch = (await ask(`${fileAddress(name, "metrics")}?after=${encodeURIComponent(cursor)}`)) as RecordStretch;
    const added = stretch.records as readonly Record[];
    records = stretch.continues ? [...records, ...added] : added;
    cursor = stretch.cursor;
    if (added.length === 0) return { records, cursor };
  }
}

/** Softdraw's version, as run folders say it; of a page without a server of runs, the one that the page is of. */
export async function versionOf(): Promise<string> {
  return ((await ask("api/server.json")) as Partial<ServerFacts>).version ?? packageJson.version;
}

async function ask(path: string): Promise<unknown> {
  return JSON.parse(await askText(path));
}

async function askText(path: string): Promise<string> {
  const response = await fetch(path).catch(() => {
    throw new Error("The server does not answer.");
  });
  const text = await response.text();
  if (response.ok) return text;
  throw new Error(JSON.parse(text).error ?? `The server answers ${response.status}.`);
}
