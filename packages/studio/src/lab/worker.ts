/** The thread of the experiments: one training at a time, and what trained models can do. */

// First, because the engine looks for workers when it is loaded.
import "../engine/threads.ts";
import { samplePicture } from "@softdraw/experiments/categorical-vae/show";
import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { BaseConfig, EpochRecord, NamedPicture, Result, Trained } from "@softdraw/experiments/experiment";
import { choosePatches } from "@softdraw/experiments/explain/digits/judge";
import { chooseTokens, freshSequences } from "@softdraw/experiments/explain/sequences/judge";
import { continueMotion, type InferredGraph, inferGraph } from "@softdraw/experiments/graphs/inference";
import { type Solved, solve } from "@softdraw/experiments/jigsaw/solve";
import type { Picture } from "@softdraw/experiments/report/pixels";
import { expose, transfer } from "comlink";
import { startEngine } from "../engine/device.ts";
import {
  chartsOf,
  checkConfiguration,
  configurationOf,
  describeExperiments,
  experimentNamed,
  headlinesOf,
  takesData,
  type Values,
} from "./catalog.ts";
import type { Kind } from "../programs/printing.ts";
import { type CodeQuestion, type DrawnCode, decodeCode, drawCodeOf } from "./codes.ts";
import { dataFor, useDigits, useFiles, withChosenData } from "./data.ts";
import { type Lookalikes, lookalikes } from "./lookalikes.ts";
import { encodeModel, keepModel, loadModel, type ModelFacts, modelOf } from "./models.ts";
import { type RunParts, runOf } from "./run-parts.ts";
import { takeExperiment, throwFrom } from "./own.ts";
import { type Report, type Session, startSession } from "./session.ts";

export interface TrainingWish {
  readonly name: string;
  readonly values: Values;
  /** From the experiment's model, trained here before or loaded; else from the beginning. */
  readonly continues: boolean;
}

/** The seed of the examples that models are judged on. */
const JUDGING = 1;

let session: Session | undefined;

const api = {
  startEngine,
  describeExperiments: () => describeExperiments(),
  takeExperiment,
  checkConfiguration,
  chartsOf,
  headlinesOf,

  /** Trains to the end, or to the wish to stop. The model is kept. */
  async train({ name, values, continues }: TrainingWish, observe: (report: Report) => Promise<void>) {
    const [experiment, config] = [experimentNamed(name), wishedConfiguration(name, values)];
    const data = await dataFor(config);
    const checkpoint = continues ? continuable(name, config) : undefined;
    experiment.check(config, { data, checkpoint });
    session?.stop();
    let told = Promise.resolve();
    const tell = (report: Report) => {
      told = observe(report);
    };
    const own = startSession({ experiment, config, data, checkpoint }, { observe: tell, nextTurn });
    session = own;
    try {
      const { isFinished, checkpoint } = await own.ending.catch((error) => throwFrom(experiment, error));
      // Reports come another way than the answer to this call, which is not to overtake them.
      await told;
      return { isFinished, model: keepModel(name, config, checkpoint) };
    } finally {
      if (session === own) session = undefined;
    }
  },
  useFiles,
  useDigits,
  pause: () => session?.pause(),
  resume: () => session?.resume(),
  stop: () => session?.stop(),
  overrideTemperature: (temperature: number | undefined) => session?.overrideTemperature(temperature),

  /**
   * Runs a program of the reader's, once the engine has started.
   *
   * @returns what went wrong, if it did
   */
  async runProgram(source: string, print: (kind: Kind, text: string, line?: number) => Promise<void>) {
    const { failureOf, runProgram } = await import("../programs/run.ts");
    let told = Promise.resolve();
    const tell: typeof print = (...printed) => {
      told = print(...printed);
      return told;
    };
    // What it leaves to later is told of when it comes.
    const onLate = (event: Event, error: unknown) => {
      event.preventDefault();
      const { message, line } = failureOf(error);
      tell("error", message, line);
    };
    addEventListener("error", (event) => onLate(event, event.error));
    addEventListener("unhandledrejection", (event) => onLate(event, event.reason));
    try {
      await runProgram(source, tell);
      return undefined;
    } catch (error) {
      return failureOf(error);
    } finally {
      await told;
    }
  },

  /** Keeps the model of the training as it is now. */
  async keepTraining(name: string, values: Values): Promise<ModelFacts> {
    if (session === undefined) throw new Error("Nothing is trained.");
    return keepModel(name, wishedConfiguration(name, values), await session.checkpoint());
  },
  /** What a run folder holds of the model that was trained here last, with so many records of epochs. */
  runOf: (name: string, records: readonly EpochRecord[]): RunParts => {
    const parts = runOf(name, records);
    return transfer(parts, [parts.checkpoint.buffer]);
  },
  loadModel: (given: { bytes: Uint8Array; file: string; given?: Values }) => loadModel(given, dataFor),
  checkpointOf(name: string) {
    const bytes = encodeModel(name);
    return transfer(bytes, [bytes.buffer]);
  },
  async picturesOf(name: string): Promise<NamedPicture[]> {
    const model = modelOf(name);
    return experimentNamed(name).pictures(model, await dataFor(model.config));
  },
  /** One of the digits that no model is trained on; of those in `of`, where that is given. */
  async testDigit(index: number, of?: readonly number[]): Promise<Picture> {
    const { test } = await dataFor({ data: "digits" });
    const { height, width, images, labels, count } = test;
    const rows = Array.from({ length: count }, (_, row) => row).filter((row) => of?.includes(labels[row]!) ?? true);
    const size = height * width;
    const first = rows[index % rows.length]! * size;
    return { height, width, channels: 1, data: images.slice(first, first + size) };
  },
  drawCode: (question: CodeQuestion): Promise<DrawnCode> => drawCodeOf(modelOf("vae"), question),
  decodeCode: (code: Float32Array): Promise<Float32Array> => decodeCode(modelOf("vae"), code),
  /** Digits of codes in which every class is as likely as any other. */
  async sampleDigits(wish: { count: number; seed: number }): Promise<NamedPicture> {
    const model = modelOf("vae");
    return samplePicture(model as Trained<never>, await dataFor(model.config), wish);
  },
  choosePatches: (image: Uint8Array) => choosePatches(modelOf("explain digits") as Trained<never>, image),
  /** The embedded digits that a drawing is most like. */
  lookalikes: async (image: Uint8Array): Promise<Lookalikes> =>
    lookalikes(image, (await dataFor({ data: "digits" })).train),
  freshSequences: (wish: { count: number; seed: number }) =>
    freshSequences(modelOf("explain sequences") as Trained<never>, wish),
  chooseTokens: (tokens: Int32Array<ArrayBuffer>) =>
    chooseTokens(modelOf("explain sequences") as Trained<never>, tokens),
  inferGraph: (paths: Float32Array, draw: { temperature: number; seed: number }): Promise<InferredGraph> =>
    inferGraph(modelOf("graphs") as Trained<never>, paths, draw),
  continueMotion: (frame: Float32Array, edges: Float32Array, frames: number): Promise<Float32Array> =>
    continueMotion(modelOf("graphs") as Trained<never>, frame, edges, frames),
  /** The results of `softdraw eval`, of other examples than those that it is trained on. */
  async judgeModel(name: string, examples: number): Promise<Result[]> {
    const model = modelOf(name);
    return experimentNamed(name).evaluate(model, await dataFor(model.config), { examples, seed: JUDGING });
  },
  async solveJigsaw(picture: Picture, seed: number): Promise<Solved> {
    const model = modelOf("jigsaw");
    return solve(model as Trained<never>, await dataFor(model.config), picture, { seed });
  },
};

export type LabApi = typeof api;

function continuable(name: string, { data }: BaseConfig): Checkpoint {
  const { config, checkpoint } = modelOf(name);
  if (config.data === data) return checkpoint;
  throw new Error(`The model was trained on ${config.data}: it can be used here, but goes on only on that.`);
}

/** What a form's values ask for, with the data that the page has. */
function wishedConfiguration(name: string, values: Values): BaseConfig {
  return configurationOf(name, withChosenData(values, takesData(name)));
}

const { port1, port2 } = new MessageChannel();

/** A message to itself: what came before it has had its turn when it arrives. A timer would wait for milliseconds. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(undefined);
  });
}

expose(api);
