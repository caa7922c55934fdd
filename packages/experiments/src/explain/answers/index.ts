/**
 * Explains a model that is not ours, by its answers: which k groups of an example's inputs does it need to say what it says?
 *
 * Runs wherever the engine does; nothing here is of Node.
 *
 * @module
 */

import { jit, nn, numpy as np, random, tree } from "@jax-js/jax";
import { subset } from "softdraw";
import { blocksOf } from "../../mathematics/blocks.ts";
import { concatenate } from "../../mathematics/concatenate.ts";
import type { Parameters } from "../../nn/adam.ts";
import { streamKey } from "../../nn/keys.ts";
import { streams } from "../../training/streams.ts";
import type { Sampler } from "../samplers.ts";
import {
  type Answers,
  checkExamples,
  checkProbabilities,
  type Examples,
  takeAnswers,
  takeExamples,
  takeRows,
} from "./examples.ts";
import { type Fidelity, fidelityOf, largestOfRows, occlusionOf, type Tell } from "./judge.ts";
import { type Networks, networksFor } from "./networks.ts";
import {
  type AnsweredExamples,
  type AnswersConfig,
  type AskedParts,
  arrayOf,
  type OnStep,
  randomParts,
  trainExplainer,
  trainSurrogate,
} from "./training.ts";

export type { Answers, Examples, NumberExamples, TokenExamples } from "./examples.ts";
export type { Fidelity } from "./judge.ts";

/**
 * What the model itself says of examples of which only parts are seen: probabilities, `[parts, classes]`. How it is kept from
 * seeing the rest, such as by grey pixels, is for whoever asks it.
 *
 * @param rows the example of each part
 * @param seen zeros and ones, `[parts, groups]`
 */
export type AskModel = (rows: Int32Array, seen: Float32Array) => Promise<Float32Array>;

export interface ExplainAnswersOptions {
  /** Groups that an explanation has. */
  readonly k: number;
  /** The model, where it can be asked: the surrogate then learns what it says of parts, and choices are judged by it. */
  readonly ask?: AskModel | undefined;
  /** Of how many parts the model is asked for the surrogate; default 10,000. */
  readonly parts?: number | undefined;
  /** The share of the examples that surrogates do not learn from, by which choices are judged; default 0.2. */
  readonly testShare?: number | undefined;
  /** Default "threshold". */
  readonly sampler?: Sampler | undefined;
  /** Of the surrogate, default 2,000. */
  readonly surrogateSteps?: number | undefined;
  /** Of the explainer, default 1,000. */
  readonly steps?: number | undefined;
  /** Examples a step, default 100. */
  readonly batch?: number | undefined;
  /** Units of the hidden layers, default 128. */
  readonly hidden?: number | undefined;
  /** AdamW's at the first step, default 0.002. */
  readonly learningRate?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  readonly onStep?: OnStep | undefined;
}

/** What is told of held-out examples from parts of them. */
export interface Faithfulness {
  /** By whom: the model itself where it can be asked, else a second surrogate, of which no choice knew anything. */
  readonly teller: "model" | "surrogate";
  /** What a surrogate tells of the whole examples: how far it says what the model says. */
  readonly whole: Fidelity;
  /** By the k groups that the explainer chooses, by k random ones, and by the k that matter most by integrated occlusion. */
  readonly chosen: Fidelity;
  readonly random: Fidelity;
  readonly occlusion: Fidelity;
}

export interface ExplainedAnswers {
  /** The groups that are chosen of each example, zeros and ones, `[count, groups]`. */
  readonly chosen: Float32Array;
  /** The explainer's scores, `[count, groups]`. */
  readonly scores: Float32Array;
  /** What is told from the chosen groups alone, `[count, classes]`. */
  readonly told: Float32Array;
  /** Rows of the examples that were held out from the surrogates, ascending. */
  readonly heldOut: Uint32Array;
  /** Of the held-out examples. */
  readonly faithfulness: Faithfulness;
}

/** Halves of the groups that integrated occlusion is the mean over. */
const OCCLUSION_ROUNDS = 32;

/**
 * Explains the answers of a model that need not be here. A surrogate learns to tell them from parts of examples, and an
 * explainer learns to choose k groups of each example from which it tells the answer; see training.ts. A share of the examples
 * is held out from the surrogate. By these it is judged how faithful the choices are, by the model or by a second surrogate.
 *
 * @throws RangeError for examples, answers and options that do not fit each other
 *
 * Jethani, Sudarshan, Aphinyanaphongs, Ranganath, "Have We Learned to Explain?", 2021; Chen, Song, Wainwright, Jordan,
 * "Learning to Explain", 2018.
 */
export async function explainAnswers(
  examples: Examples,
  answers: Answers,
  options: ExplainAnswersOptions,
): Promise<ExplainedAnswers> {
  checkExamples(WHERE, examples, answers);
  const { config, hidden, testShare, parts, onStep, ...given } = checkedOptions(examples, options);
  const ask = given.ask && checkedAsk(given.ask, answers.classes);
  const { train, test } = await splitRows(examples.count, testShare, config.seed);
  const training = partOf({ examples, answers }, train);
  const networks = networksFor(training.examples, { classes: answers.classes, hidden });
  const asked = ask && (await askAbout(ask, training, { k: config.k, parts, seed: config.seed }));
  const trained: Trained = { networks };
  try {
    const data = { ...training, asked };
    trained.surrogate = await trainSurrogate(config, networks, data, "surrogate", onStep);
    trained.explainer = await trainExplainer(config, networks, trained.surrogate, { examples, answers }, onStep);
    if (ask === undefined) trained.judge = await trainSurrogate(config, networks, data, "judge", onStep);
    return await explained(trained as Required<Trained>, { examples, answers }, test, config, ask);
  } finally {
    const { networks: _, ...networksTrained } = trained;
    tree.dispose(Object.values(networksTrained));
  }
}

const WHERE = "explainAnswers";

/** What has been trained so far. */
interface Trained {
  readonly networks: Networks;
  surrogate?: Parameters;
  explainer?: Parameters;
  /** The surrogate that judges, where there is no model for that. */
  judge?: Parameters;
}

/** Some of the examples, with their rows. */
interface Part extends AnsweredExamples {
  readonly rows: Uint32Array;
}

function partOf({ examples, answers }: AnsweredExamples, rows: Uint32Array): Part {
  return { rows, examples: takeExamples(examples, rows), answers: takeAnswers(answers, rows) };
}

const OPTIONS = [
  ...["k", "ask", "parts", "testShare", "sampler", "surrogateSteps", "steps"],
  ...["batch", "hidden", "learningRate", "seed", "onStep"],
];

function checkedOptions({ count, groups }: Examples, options: ExplainAnswersOptions) {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${WHERE}: unknown option "${unknown}". There are ${OPTIONS.join(", ")}.`);
  }
  const { k, testShare = 0.2, hidden = 128, seed = 0, parts = 10_000, ask, onStep = () => {} } = options;
  const { sampler = "threshold", surrogateSteps = 2000, steps = 1000, batch = 100, learningRate = 2e-3 } = options;
  if (!Number.isInteger(k) || k < 1 || k >= groups) {
    throw new RangeError(`${WHERE}: k must be a whole number from 1 to ${groups - 1}, got ${k}.`);
  }
  const fewest = Math.floor(count * testShare);
  if (!(testShare > 0 && testShare < 1) || fewest < 1 || fewest >= count) {
    throw new RangeError(
      `${WHERE}: testShare must be above 0 and below 1, and leave at least one of ${count} examples on either side, got ${testShare}.`,
    );
  }
  for (const [name, value] of Object.entries({ surrogateSteps, steps, batch, hidden, parts })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new RangeError(`${WHERE}: ${name} must be a whole number of at least 1, got ${value}.`);
  }
  if (!(learningRate > 0 && learningRate < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${WHERE}: learningRate must be a positive number, got ${learningRate}.`);
  }
  return {
    config: { k, sampler, surrogateSteps, steps, batch, learningRate, seed },
    ...{ hidden, testShare, parts, ask, onStep },
  };
}

/** The model, of which nothing is taken that is no probability. */
function checkedAsk(ask: AskModel, classes: number): AskModel {
  return async (rows, seen) => {
    const values = await ask(rows, seen);
    checkProbabilities(WHERE, "answers of the model (ask)", values, [rows.length, classes]);
    return values;
  };
}

/** Which rows are held out, by the seed: both lists ascend. */
async function splitRows(count: number, testShare: number, seed: number) {
  const key = streamKey(seed, streams.order);
  const isTest = await subset.sample(key, np.zeros([count]), Math.floor(count * testShare)).data();
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  return { train: rows.filter((row) => isTest[row] === 0), test: rows.filter((row) => isTest[row] !== 0) };
}

/** Asks the model about random parts of the examples, such as the surrogate learns from. */
async function askAbout(
  ask: AskModel,
  { rows, examples: { count, groups } }: Part,
  { k, parts, seed }: { readonly k: number; readonly parts: number; readonly seed: number },
): Promise<AskedParts> {
  const seen = (await randomParts(streamKey(seed, streams.order + 2), [parts, groups], k).data()) as Float32Array;
  const own = Int32Array.from({ length: parts }, (_, i) => i % count);
  return {
    rows: own,
    seen,
    answers: await ask(
      Int32Array.from(own, (row) => rows[row]!),
      seen,
    ),
  };
}

/** Chooses for all examples, and judges by those that were held out. */
async function explained(
  trained: Required<Trained>,
  data: AnsweredExamples,
  heldOut: Uint32Array,
  config: AnswersConfig,
  ask: AskModel | undefined,
): Promise<ExplainedAnswers> {
  const { groups } = data.examples;
  const scores = await scoresOf(trained, data);
  const chosen = largestOfRows(scores, groups, config.k);
  const kernel = tellKernel(trained);
  try {
    const all = tellersOf(
      kernel,
      trained,
      partOf(
        data,
        Uint32Array.from({ length: data.examples.count }, (_, i) => i),
      ),
      ask,
    );
    const test = partOf(data, heldOut);
    const tellers = tellersOf(kernel, trained, test, ask);
    const faithfulness = await judged(tellers, test, takeRows(chosen, groups, heldOut), config);
    return { chosen, scores, heldOut, told: await all.judge(chosen), faithfulness };
  } finally {
    kernel.dispose();
  }
}

async function judged(
  { judge, surrogate, teller }: Tellers,
  { examples: { count, groups }, answers }: Part,
  chosen: Float32Array,
  { k, seed }: AnswersConfig,
): Promise<Faithfulness> {
  const noise = (stream: number) => uniformNumbers(streamKey(seed, streams.measuring + stream), count * groups);
  const halves: Float32Array[] = [];
  for (let round = 1; round <= OCCLUSION_ROUNDS; round++) {
    halves.push((await noise(round)).map((u) => (u < 0.5 ? 1 : 0)));
  }
  // Where the model judges, it is asked for the occlusion, too: nothing is learned there that could be learned by heart.
  const important = await occlusionOf(answers, groups, halves, teller === "model" ? judge : surrogate);
  const fidelity = async (tell: Tell, seen: Float32Array) => fidelityOf(answers, await tell(seen));
  return {
    teller,
    whole: await fidelity(surrogate, new Float32Array(count * groups).fill(1)),
    chosen: await fidelity(judge, chosen),
    random: await fidelity(judge, largestOfRows(await noise(0), groups, k)),
    occlusion: await fidelity(judge, largestOfRows(important, groups, k)),
  };
}

async function uniformNumbers(key: np.Array, count: number): Promise<Float32Array> {
  return (await random.uniform(key, [count]).data()) as Float32Array;
}

/** Examples that are told or scored in one call. */
const AT_ONCE = 500;

/** What tells of parts of examples: what judges choices, and the surrogate that they were made for. */
interface Tellers {
  readonly judge: Tell;
  readonly surrogate: Tell;
  readonly teller: Faithfulness["teller"];
}

function tellKernel({ networks }: Trained) {
  return jit((parameters: Parameters, constants: Parameters, x: np.Array, seen: np.Array) =>
    nn.softmax(networks.tell(parameters, constants, x, seen), -1),
  );
}

function tellersOf(
  kernel: ReturnType<typeof tellKernel>,
  { networks, surrogate, judge }: Required<Trained>,
  { rows, examples }: Part,
  ask: AskModel | undefined,
): Tellers {
  const { groups } = examples;
  const by =
    (parameters: Parameters): Tell =>
    (seen) =>
      inBlocks(examples, (x, { first, size }) => {
        const part = np.array(seen.slice(first * groups, (first + size) * groups), { shape: [size, groups] });
        return kernel(tree.ref(parameters), networks.constants(), x, part);
      });
  if (ask === undefined) return { judge: by(judge), surrogate: by(surrogate), teller: "surrogate" };
  return { judge: (seen) => ask(Int32Array.from(rows), seen), surrogate: by(surrogate), teller: "model" };
}

/** The explainer's scores, `[count, groups]`. */
async function scoresOf(
  { networks, explainer }: Required<Trained>,
  { examples, answers: { classes, values } }: AnsweredExamples,
): Promise<Float32Array> {
  const kernel = jit((parameters: Parameters, constants: Parameters, x: np.Array, own: np.Array) =>
    networks.score(parameters, constants, x, own),
  );
  try {
    return await inBlocks(examples, (x, { first, size }) => {
      const own = np.array(values.slice(first * classes, (first + size) * classes), { shape: [size, classes] });
      return kernel(tree.ref(explainer), networks.constants(), x, own);
    });
  } finally {
    kernel.dispose();
  }
}

/** The rows of a function of some examples at a time, one after the other. */
async function inBlocks(
  examples: Examples,
  of: (x: np.Array, block: { first: number; size: number }) => np.Array,
): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (const block of blocksOf(examples.count, AT_ONCE)) {
    const rows = Uint32Array.from({ length: block.size }, (_, i) => block.first + i);
    parts.push((await of(arrayOf(takeExamples(examples, rows)), block).data()) as Float32Array);
  }
  return concatenate(parts);
}
