/**
 * Explains what a model says by its answers alone. Two networks are trained, one after the other:
 *
 * - a surrogate learns to tell the answer from parts of examples, drawn at random. It never sees what the explainer
 *   chooses, so no answer can be smuggled to it by the choice;
 * - the explainer, which sees an example and its answer, learns to choose the k groups from which the surrogate, which stays
 *   as it is, tells the answer.
 *
 * Jethani, Sudarshan, Aphinyanaphongs, Ranganath, "Have We Learned to Explain? How Interpretability Methods Can Learn to
 * Encode Predictions in their Interpretations", 2021, for the surrogate; Chen, Song, Wainwright, Jordan, "Learning to
 * Explain", 2018, for the explainer.
 */

import { jit, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { type AdamState, adamW, type Parameters } from "../../nn/adam.ts";
import { materialize } from "../../nn/convolution.ts";
import { splitKey, streamKey } from "../../nn/keys.ts";
import { finalState, type Training, train } from "../../training/loop.ts";
import { startOf } from "../../training/position.ts";
import type { Settings, StepSettings } from "../../training/settings.ts";
import { streams } from "../../training/streams.ts";
import { crossEntropy, initState, type State, type Task, trainingStep } from "../model.ts";
import { randomRows } from "../post-hoc.ts";
import type { Sampler } from "../samplers.ts";
import { coolingSettings } from "../training.ts";
import { type Answers, type Examples, widthOf } from "./examples.ts";
import type { Networks } from "./networks.ts";

/** How both networks are trained. */
export interface AnswersConfig {
  /** Groups that an explanation has. */
  readonly k: number;
  readonly sampler: Sampler;
  /** Steps of the surrogate, and of the explainer. */
  readonly surrogateSteps: number;
  readonly steps: number;
  readonly batch: number;
  /** AdamW's, at the first step of each; it falls to 0. */
  readonly learningRate: number;
  readonly seed: number;
}

export interface AnsweredExamples {
  readonly examples: Examples;
  readonly answers: Answers;
}

/** Which parts of examples a model was asked about, and what it said. */
export interface AskedParts {
  /** The example of each part. */
  readonly rows: Int32Array;
  /** Zeros and ones, `[parts, groups]`. */
  readonly seen: Float32Array;
  /** `[parts, classes]`. */
  readonly answers: Float32Array;
}

/** Examples and answers on the device. */
type Given = { constants: Parameters; x: np.Array; labels: np.Array };

/** With parts: the examples, parts of them and the answers to those. */
type GivenParts = { constants: Parameters; x: np.Array; rows: np.Array; seen: np.Array; labels: np.Array };

/** Called after every step of each training, from 1 to `of`. */
export type OnStep = (step: number, of: number, what: "surrogate" | "explainer" | "judge") => void | Promise<void>;

// Examples ------------------------------------------------------------------------------------------------------------

/** Examples on the device. */
export function arrayOf(examples: Examples): np.Array {
  const { count, kind } = examples;
  const shape = [count, widthOf(examples)];
  return kind === "numbers"
    ? np.array(examples.values, { shape })
    : np.array(examples.values, { shape, dtype: np.int32 });
}

/** Some rows of an array, as an array of its own where they are numbers that products will read. Consumes both. */
function rowsOf(array: np.Array, rows: np.Array): np.Array {
  const taken = np.take(array, rows, 0);
  return array.dtype === np.int32 ? taken : materialize(taken);
}

// Surrogate -----------------------------------------------------------------------------------------------------------

/**
 * Parts of examples: of one half each group is seen with a share that is drawn anew for each, of the other with that of k
 * of all, as the explainer will choose.
 *
 * @param key PRNG key, consumed
 */
export function randomParts(key: np.Array, [size, groups]: readonly [number, number], k: number): np.Array {
  const [shareKey, halfKey, groupKey] = splitKey(key, 3);
  const isLikeChoice = random.uniform(halfKey, [size, 1]).less(0.5);
  const share = np.where(isLikeChoice, k / groups, random.uniform(shareKey, [size, 1]));
  return np.where(random.uniform(groupKey, [size, groups]).less(share), 1, 0);
}

type SurrogateState = { model: Parameters; optimizer: AdamState<Parameters>; key: np.Array };

const WEIGHT_DECAY = 0.01;
const descent = adamW({ weightDecay: WEIGHT_DECAY });

/** One step of the surrogate, which consumes state and what is given. */
function surrogateStep({ batch, k }: AnswersConfig, groups: number, { tell }: Networks) {
  const step = jit(function step(state: SurrogateState, given: Parameters, settings: StepSettings) {
    const { temperature, learningRate } = settings;
    temperature.dispose();
    const [key, rowsKey, partsKey] = splitKey(state.key, 3);
    const { constants, ...arrays } = given as Given | GivenParts;
    const { x, seen, labels } = drawParts(arrays, rowsKey, partsKey, { batch, groups, k });
    const loss = (surrogate: Parameters) => crossEntropy(tell(surrogate, constants, x, seen), labels);
    const [measured, gradients] = valueAndGrad(loss)(tree.ref(state.model));
    const next = descent.update(state.model, gradients, state.optimizer, learningRate);
    return { state: { model: next.parameters, optimizer: next.state, key }, measured };
  });
  return step as unknown as Training<SurrogateState, Parameters, Settings>["update"];
}

/** Examples, what is seen of them, and the answers: random parts, or some of those that the model was asked about. */
function drawParts(
  given: Omit<Given, "constants"> | Omit<GivenParts, "constants">,
  rowsKey: np.Array,
  partsKey: np.Array,
  { batch, groups, k }: { readonly batch: number; readonly groups: number; readonly k: number },
) {
  const drawn = randomRows(rowsKey, batch, "rows" in given ? given.rows : given.x);
  if (!("rows" in given)) {
    const x = rowsOf(given.x, drawn.ref);
    return { x, seen: randomParts(partsKey, [batch, groups], k), labels: rowsOf(given.labels, drawn) };
  }
  partsKey.dispose();
  const x = rowsOf(given.x, np.take(given.rows, drawn.ref, 0));
  return { x, seen: rowsOf(given.seen, drawn.ref), labels: rowsOf(given.labels, drawn) };
}

/** The trained surrogate, which the caller owns. */
export async function trainSurrogate(
  config: AnswersConfig,
  networks: Networks,
  data: AnsweredExamples & { readonly asked: AskedParts | undefined },
  what: "surrogate" | "judge",
  onStep: OnStep,
): Promise<Parameters> {
  const { seed, surrogateSteps: steps } = config;
  const { groups } = data.examples;
  const given = givenParts(networks, data);
  // One that judges begins elsewhere and sees other parts.
  const key = streamKey(seed, streams.order + (what === "surrogate" ? 1 : 3));
  const begin = (): SurrogateState => {
    const [modelKey, next] = splitKey(key, 2);
    const model = networks.initSurrogate(modelKey);
    return { model, optimizer: descent.init(model), key: next };
  };
  return trained(surrogateStep(config, groups, networks), { config, begin, given, steps }, (step) =>
    onStep(step, steps, what),
  );
}

function givenParts(
  networks: Networks,
  { examples, answers: { classes, values }, asked }: AnsweredExamples & { readonly asked: AskedParts | undefined },
): Parameters {
  const [constants, x] = [networks.constants(), arrayOf(examples)];
  if (asked === undefined) return { constants, x, labels: np.array(values, { shape: [examples.count, classes] }) };
  const { rows, seen, answers } = asked;
  return {
    constants,
    x,
    rows: np.array(rows, { dtype: np.int32 }),
    seen: np.array(seen, { shape: [rows.length, examples.groups] }),
    labels: np.array(answers, { shape: [rows.length, classes] }),
  };
}

// Explainer -----------------------------------------------------------------------------------------------------------

type Inputs = { surrogate: Parameters; constants: Parameters; x: np.Array; answers: np.Array };

/** The shared model of explanations: the classifier is the surrogate, which is given. */
function explainerTask({ initExplainer, score, tell }: Networks): Task<Parameters, Parameters, Inputs> {
  return {
    init: initExplainer,
    batch(key, size, given) {
      const { surrogate, constants, x, labels } = given as Given & { surrogate: Parameters };
      const rows = randomRows(key, size, x);
      const own = rowsOf(labels, rows.ref);
      return { inputs: { surrogate, constants, x: rowsOf(x, rows), answers: own.ref }, labels: own };
    },
    score(explainer, { surrogate, constants, x, answers }) {
      tree.dispose(surrogate);
      return score(explainer, constants, x, answers);
    },
    classify(explainer, { surrogate, constants, x, answers }, seen) {
      tree.dispose([explainer, answers]);
      return tell(surrogate, constants, x, seen);
    },
  };
}

/**
 * The trained explainer, which the caller owns.
 *
 * It is trained on exact draws with the relaxed gradient: of a group that is half seen the surrogate has never learned what
 * that means.
 *
 * @param surrogate kept
 */
export async function trainExplainer(
  config: AnswersConfig,
  networks: Networks,
  surrogate: Parameters,
  { examples, answers: { classes, values } }: AnsweredExamples,
  onStep: OnStep,
): Promise<Parameters> {
  const { k, sampler, batch, seed, steps } = config;
  const labels = np.array(values, { shape: [examples.count, classes] });
  const given = { surrogate: tree.ref(surrogate), constants: networks.constants(), x: arrayOf(examples), labels };
  const task = explainerTask(networks);
  const update = trainingStep({ k, sampler, hard: true, batch, weightDecay: WEIGHT_DECAY }, task);
  const begin = (): State<Parameters> => initState(random.key(seed), task.init);
  return trained(update, { config, begin, given, steps }, (step) => onStep(step, steps, "explainer"));
}

// Both ----------------------------------------------------------------------------------------------------------------

/** One epoch. Consumes what is given; the state in the end, but for the model, is freed. */
async function trained<S extends { model: Parameters }>(
  update: Training<S, Parameters, Settings>["update"],
  {
    config: { learningRate, batch },
    begin,
    given,
    steps,
  }: { readonly config: AnswersConfig; begin(): S; readonly given: Parameters; readonly steps: number },
  onStep: (step: number) => void | Promise<void>,
): Promise<Parameters> {
  const training: Training<S, Parameters, Settings> = {
    name: "explain answers",
    epochs: 1,
    steps,
    examples: batch,
    begin,
    settingsAt: coolingSettings({ temperature: 1, temperatureEnd: 0.1, learningRate }, steps),
    batchesOf: async () => () => tree.ref(given) as Parameters,
    update,
    measure: async () => ({ epoch: 1 }),
  };
  try {
    const { model, ...rest } = await finalState(train(training, startOf(training)), ({ step }) => onStep(step));
    tree.dispose(rest);
    return model;
  } finally {
    tree.dispose(given);
  }
}
