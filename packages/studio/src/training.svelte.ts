/** The training of this page. It goes on while other sections are looked at. */

import type { Chart, EpochRecord, NamedPicture } from "@softdraw/experiments/experiment";
import { proxy } from "comlink";
import type { Shape } from "./data/own.ts";
import { messageOf } from "./engine/client.svelte.ts";
import { keepRun, runName } from "./kept.svelte.ts";
import type { Values } from "./lab/catalog.ts";
import { askLab, askLabEngine } from "./lab/client.svelte.ts";
import type { DataFacts } from "./lab/data.ts";
import type { ModelFacts } from "./lab/models.ts";
import type { Progress, Report } from "./lab/session.ts";
import { type Judged, type ShippedModel, type ShippedModels, type ShippedName, shipped } from "./lab/shipped.ts";
import { type Curve, emptyCurve, extended } from "./pages/train/curve.ts";
import { settingsIn } from "./pages/train/place.ts";

type TrainingState = "idle" | "starting" | "running" | "paused" | "stopping" | "stopped" | "finished" | "failed";

interface Training {
  state: TrainingState;
  /** Of the experiment. */
  name: string;
  values: Values;
  /** When it began, ISO 8601, and what it is kept by. */
  created: string;
  run: string;
  progress: Progress | undefined;
  losses: Curve;
  temperatures: Curve;
  /** When the temperature was turned by hand, and to what; undefined gave it back to the schedule. */
  turns: readonly Turn[];
  records: readonly EpochRecord[];
  charts: readonly Chart[];
  pictures: readonly NamedPicture[];
  error: string | undefined;
  /** Set by the user; undefined while the schedule has it. */
  temperature: number | undefined;
  /** Whether something was learned that is nowhere but in this page. */
  isUnsaved: boolean;
  /** Why the browser did not keep it, once it has ended. */
  keepingError: string | undefined;
}

export interface Turn {
  /** From the beginning of the training. */
  readonly step: number;
  readonly temperature: number | undefined;
}

let current = $state.raw<Training>(nothing(""));

/** A model that can be used or trained further. */
export interface UsableModel extends ModelFacts {
  readonly from: string;
  /** How well it does on what it never saw, where that is known. */
  readonly judged?: Judged;
  /** Of those that come with the page, which one it is. */
  readonly shippedAs?: ShippedName;
}

/** The models by experiment. */
export const models = $state<Record<string, UsableModel>>({});

let isEndSeen = $state(false);

export const training = {
  get current(): Training {
    return current;
  },
  /** Whether who is here has taken note that the training has ended. */
  get isEndSeen(): boolean {
    return isEndSeen;
  },
  get isActive(): boolean {
    return isActive(current.state);
  },
};

export function dismissEnd(): void {
  isEndSeen = true;
}

/** From 0 to 1. */
export function shareDone({ progress }: Pick<Training, "progress">): number {
  return progress ? stepOf(progress) / (progress.epochs * progress.steps) : 0;
}

function isActive(state: TrainingState): boolean {
  return ["starting", "running", "paused", "stopping"].includes(state);
}

function nothing(name: string): Training {
  return {
    state: "idle",
    name,
    values: {},
    created: "",
    run: "",
    progress: undefined,
    losses: emptyCurve,
    temperatures: emptyCurve,
    turns: [],
    records: [],
    charts: [],
    pictures: [],
    error: undefined,
    temperature: undefined,
    isUnsaved: false,
    keepingError: undefined,
  };
}

function change(changes: Partial<Training>): void {
  current = { ...current, ...changes };
}

/** What is trained on in place of the digits. */
export const ownData = $state<{ current: DataFacts | undefined }>({ current: undefined });

export async function chooseFiles(files: readonly File[], shape: Shape): Promise<void> {
  ownData.current = await askLabEngine((api) => api.useFiles(files, shape));
}

export async function chooseDigits(): Promise<void> {
  await askLab((api) => api.useDigits());
  ownData.current = undefined;
}

/** Trains the experiment's model on, as it was trained: to its end, or as long again. */
export function trainOn(name: string): Promise<void> {
  const { config, epoch } = models[name]!;
  const values = settingsIn(config);
  const [epochs, before = 0] = [Number(values.epochs), values.classifierEpochs as number | undefined];
  return startTraining(name, { ...values, epochs: epoch < before + epochs ? epochs : 2 * epochs }, true);
}

/** @param continues from the experiment's model, instead of the beginning */
export async function startTraining(name: string, values: Values, continues: boolean): Promise<void> {
  if (training.isActive) return;
  const created = new Date().toISOString();
  current = { ...nothing(name), values, created, run: runName(name, created), state: "starting" };
  turning = undefined;
  isEndSeen = false;
  keptAt = performance.now();
  try {
    const { isFinished, model } = await askLabEngine((api) => api.train({ name, values, continues }, proxy(observe)));
    models[name] = { ...model, from: "trained here" };
    change({ state: isFinished ? "finished" : "stopped" });
    await keepCurrent();
  } catch (error) {
    change({ state: "failed", error: messageOf(error) });
  }
}

async function observe({ progress, losses, temperatures, records, pictures, isPaused }: Report): Promise<void> {
  const first = stepOf(progress) - losses.length + 1;
  const all = records.length > 0 ? [...current.records, ...records] : current.records;
  const state = current.state === "stopping" ? "stopping" : isPaused ? "paused" : "running";
  const isPausedNow = state === "paused" && current.state !== "paused";
  change({
    state,
    progress,
    records: all,
    losses: extended(current.losses, first, losses),
    temperatures: extended(current.temperatures, first, temperatures),
    turns: withTurn(current.turns, first, temperatures),
    isUnsaved: true,
    ...(pictures && { pictures }),
  });
  const { name } = current;
  if (records.length > 0) change({ charts: await askLab((api) => api.chartsOf(name, all)) });
  // Who pauses may be about to leave, and finds it among the runs, be it before the first epoch has ended.
  const isDue = isPausedNow || (records.length > 0 && performance.now() - keptAt > KEEPING_MS);
  if (training.isActive && isDue) await keepCurrent();
}

let keptAt = 0;
const KEEPING_MS = 30_000;

/** Keeps the training as it is in the browser's storage. Where that cannot be, a closed tab asks first. */
async function keepCurrent(): Promise<void> {
  const { name, values, created, run, state } = current;
  keptAt = performance.now();
  const isOver = !training.isActive;
  try {
    const { epoch, step } = isOver ? models[name]! : await askLab((api) => api.keepTraining(name, values));
    const done = step === current.progress?.steps ? epoch : epoch - 1;
    const records = current.records.filter((record) => record.epoch <= done);
    // The state may be ahead of what was told of it: the next time will do.
    if (records.length > 0 && records.at(-1)!.epoch !== done) return;
    const { checkpoint, ...parts } = await askLab((api) => api.runOf(name, records));
    await keepRun(
      { name: run, created, ...parts, records, state: state === "finished" ? state : "stopped" },
      checkpoint,
    );
    if (isOver && current.run === run) change({ isUnsaved: false });
  } catch (error) {
    // It may have ended meanwhile, and is kept then.
    if (isOver && current.run === run) change({ keepingError: messageOf(error) });
  }
}

function stepOf({ epoch, steps, step }: Progress): number {
  return (epoch - 1) * steps + step;
}

export function pauseTraining(): void {
  askLab((api) => api.pause());
}

export function resumeTraining(): void {
  change({ state: "running" });
  askLab((api) => api.resume());
}

export function stopTraining(): void {
  change({ state: "stopping" });
  askLab((api) => api.stop());
}

/** @param temperature undefined: the schedule has it again */
export function overrideTemperature(temperature: number | undefined): void {
  turning = { temperature };
  change({ temperature });
  askLab((api) => api.overrideTemperature(temperature));
}

/** What the temperature was turned to, until a step has it. */
let turning: Pick<Turn, "temperature"> | undefined;

/** With the turn that is waited for, at the first of the steps that has it. Of turns at neighbouring steps the last one counts. */
function withTurn(turns: readonly Turn[], first: number, temperatures: readonly number[]): readonly Turn[] {
  if (turning === undefined || temperatures.length === 0) return turns;
  const wished = turning.temperature;
  const at = wished === undefined ? 0 : temperatures.findIndex((one) => Math.abs(one / wished - 1) < 1e-5);
  if (at < 0) return turns;
  const turn = { step: first + at, temperature: wished };
  turning = undefined;
  return [...turns.filter(({ step }) => turn.step - step > NEAR_STEPS), turn];
}

const NEAR_STEPS = 20;

/** The state of the training, or of the model that it ended with, for the user to keep. */
export async function downloadCheckpoint(name: string): Promise<void> {
  const { values } = current;
  if (training.isActive && current.name === name) {
    models[name] = { ...(await askLab((api) => api.keepTraining(name, values))), from: "trained here" };
  }
  const bytes = await askLab((api) => api.checkpointOf(name));
  const { epoch, step } = models[name]!;
  save(bytes, `${name}-epoch-${epoch}-step-${step}.safetensors`);
  if (current.name === name) change({ isUnsaved: false });
}

export function save(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes]));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then, and keeps what it needs.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Keeps the model of a checkpoint, to use or to go on from, and shows its pictures.
 *
 * @param given its configuration, for a checkpoint that does not say it
 */
export async function loadCheckpoint(bytes: Uint8Array, file: string, given: Values): Promise<ModelFacts> {
  const model = await askLabEngine((api) => api.loadModel({ bytes, file, given }));
  models[model.name] = { ...model, from: file };
  if (training.isActive) return model;
  const pictures = await askLabEngine((api) => api.picturesOf(model.name));
  if (!training.isActive) current = { ...nothing(model.name), pictures };
  return model;
}

/** Judges the model of an experiment, on so many examples that it never saw. */
export async function judgeModel(name: string, examples: number): Promise<void> {
  const results = await askLabEngine((api) => api.judgeModel(name, examples));
  models[name] = { ...models[name]!, judged: { results, examples } };
}

let index: Promise<ShippedModels> | undefined;

/** What comes with the page under a name; undefined where the page was built without it. */
export async function shippedModel(name: ShippedName): Promise<ShippedModel | undefined> {
  index ??= fetchFile("models/index.json").then((response) => response.json());
  index.catch(() => {
    index = undefined;
  });
  return (await index)[name];
}

/**
 * Takes a model that comes with the page.
 *
 * @returns whether there is one
 */
export async function takeShippedModel(name: ShippedName): Promise<boolean> {
  const found = await shippedModel(name);
  if (found === undefined) return false;
  const { experiment } = shipped[name];
  const before = models[experiment];
  const bytes = new Uint8Array(await (await fetchFile(`models/${found.file}`)).arrayBuffer());
  // Another may have come while it was fetched: one that was trained or chosen is not replaced.
  if (models[experiment] !== before) return true;
  const model = await askLabEngine((api) => api.loadModel({ bytes, file: found.file }));
  models[experiment] = { ...model, from: "the one that comes with the page", judged: found.judged, shippedAs: name };
  return true;
}

async function fetchFile(path: string): Promise<Response> {
  // A newer page has other models under the same names.
  const response = await fetch(new URL(path, location.href), { cache: "no-cache" });
  if (response.ok) return response;
  throw new Error(`${path}: the server answers ${response.status}.`);
}

/** Keeps the model in files that the user chose: a checkpoint, and perhaps the `config.json` of its run. */
export async function loadCheckpointFiles(files: readonly File[], given: Values): Promise<ModelFacts> {
  const checkpoint = files.find(({ name }) => name.endsWith(".safetensors"));
  if (checkpoint === undefined) throw new Error("Choose a checkpoint: a file whose name ends in .safetensors.");
  const config = files.find(({ name }) => name.endsWith(".json"));
  const values = config === undefined ? given : readConfig(await config.text(), config.name);
  return loadCheckpoint(new Uint8Array(await checkpoint.arrayBuffer()), checkpoint.name, values);
}

/** Of a run's `config.json`, or of a file of options alone. */
function readConfig(text: string, file: string): Values {
  try {
    const content = JSON.parse(text);
    return content.config ?? content;
  } catch (error) {
    throw new Error(`${file}: expected JSON: ${messageOf(error)}`);
  }
}

addEventListener("beforeunload", (event) => {
  if (current.isUnsaved) event.preventDefault();
});
