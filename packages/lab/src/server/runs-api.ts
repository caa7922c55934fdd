/**
 * The run folder for the page, to read only:
 *
 *     server.json               whose runs these are
 *     runs                      all of them: configuration, state, last metrics, result, pictures
 *     runs/NAME/metrics?after=  the records after a cursor, from the beginning without one
 *     runs/NAME/FILE            a file of the run: pictures, report, checkpoint, configuration
 *
 * Everything is read anew for every question, so the folder may change, go away and come back.
 */

import { existsSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import type { RecordStretch } from "../runs/metrics.ts";
import { listRuns, openRun, type RunSummary } from "../runs/run.ts";
import { type Answer, fileAnswer, jsonAnswer, refusal } from "./answers.ts";
import { namesInside, openerInside, openInside } from "./files.ts";
import { reportHeaders } from "./headers.ts";

/** What the page reads at `runs`. */
export interface RunList {
  readonly runs: readonly ListedRun[];
  /** Runs of which something cannot be read, and what. */
  readonly damaged: readonly { readonly name: string; readonly reason: string }[];
  /** What of the folder could not be read, a sentence each. */
  readonly notes: readonly string[];
  /** Whether there is such a folder. */
  readonly isThere: boolean;
}

export interface ListedRun extends RunSummary {
  /** Names of its files that can be asked for. */
  readonly files: readonly string[];
}

/** What the page reads at `server.json`; without a server of runs, they are null. */
export interface ServerFacts {
  readonly runs: string | null;
  readonly version: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json; charset=utf-8",
  ".jsonl": "application/x-ndjson; charset=utf-8",
  ".png": "image/png",
  ".html": "text/html; charset=utf-8",
  ".safetensors": "application/octet-stream",
};

/**
 * Answers a question to the run folder `root`.
 *
 * @param names the parts of the path, decoded, none of them `.`, `..`, empty or with a slash
 */
export async function answerAboutRuns(root: string, names: readonly string[], query: URLSearchParams): Promise<Answer> {
  const [first, name, file, ...rest] = names;
  if (first === "server.json" && name === undefined) return jsonAnswer(serverFacts(root));
  if (first !== "runs" || rest.length > 0) return refusal(404, "There is no such question.");
  if (name === undefined) return jsonAnswer(await runList(root));
  if (file === "metrics") return answerMetrics(root, name, query.get("after") ?? "");
  return file === undefined ? refusal(404, "There is no such question.") : answerFile(root, name, file);
}

function serverFacts(root: string): ServerFacts {
  return { runs: resolve(root), version: packageJson.version };
}

async function runList(root: string): Promise<RunList> {
  const notes: string[] = [];
  const { runs, damaged } = await listRuns(root, (note) => notes.push(note), openerInside(root));
  return {
    runs: await Promise.all(runs.map((run) => withFiles(root, run))),
    damaged: damaged.map(({ name, reason }) => ({ name, reason })),
    notes: notes.toSorted(),
    isThere: existsSync(root),
  };
}

async function withFiles(root: string, run: RunSummary): Promise<ListedRun> {
  // The run may be gone meanwhile, and with it its files: the next question finds no such run.
  const names = await namesInside(root, [run.name]);
  return { ...run, files: names.filter((name) => extname(name) in TYPES).toSorted() };
}

/** The answer for a run that is gone: whoever watched it finds out by the list of runs. */
const NO_RECORDS: RecordStretch = { continues: false, records: [], cursor: "" };

async function answerMetrics(root: string, name: string, after: string): Promise<Answer> {
  try {
    const run = await openRun(join(root, name), { lock: false, opener: openerInside(root) });
    return jsonAnswer(await run.readMetricsAfter(after));
  } catch (error) {
    if ((await namesInside(root, [name])).length === 0) return jsonAnswer(NO_RECORDS);
    return refusal(404, (error as Error).message);
  }
}

async function answerFile(root: string, name: string, file: string): Promise<Answer> {
  const type = TYPES[extname(file)];
  const found = type === undefined ? undefined : await openInside(root, [name, file]);
  if (type === undefined || found === undefined) return refusal(404, `There is no file ${file} of a run ${name}.`);
  if (extname(file) === ".html") return fileAnswer(found, type, reportHeaders);
  if (extname(file) !== ".safetensors") return fileAnswer(found, type);
  const download = `${name}-${file}`.replace(/[^\w.-]/g, "_");
  return fileAnswer(found, type, { "Content-Disposition": `attachment; filename="${download}"` });
}
