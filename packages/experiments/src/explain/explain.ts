/**
 * Explains a classifier of your own: which of its features, or of their groups such as patches of an image, does it need to say
 * what it says?
 *
 * Runs wherever the engine does; nothing here is of Node.
 *
 * @module
 */

import { numpy as np, random, tree } from "@jax-js/jax";
import { z } from "zod";
import type { Parameters } from "../nn/adam.ts";
import type { Perceptron } from "../nn/perceptron.ts";
import { shapeOf } from "../nn/shapes.ts";
import { finalState, type Training, train } from "../training/loop.ts";
import { LARGEST_SEED } from "../training/options.ts";
import { startOf } from "../training/position.ts";
import type { Settings } from "../training/settings.ts";
import { initState, type State, trainingStep } from "./model.ts";
import { type Classify, choiceKernel, type Given, postHocTask, probabilitiesKernel, type Subject } from "./post-hoc.ts";
import { type Sampler, samplers } from "./samplers.ts";
import { coolingSettings } from "./training.ts";

export { patchMembers } from "./post-hoc.ts";

/** A trained classifier. Its parameters are kept: they stay yours, and as they are. */
export interface Model<P extends Parameters> {
  readonly parameters: P;
  /** Inputs `[batch, features]` to logits `[batch, classes]`, differentiable by the inputs. It consumes both. */
  readonly classify: Classify<P>;
}

export interface ExplainOptions {
  /** Features, or groups of them, that an explanation has. */
  readonly k: number;
  /**
   * Groups of features that are chosen together, `[groups, features]`, 1 where a feature belongs to a group; each feature to
   * one. Consumed. Default: each feature by itself; for images, see `patchMembers`.
   */
  readonly members?: np.Array | undefined;
  /** What stands in for features that are not chosen, `[features]`, consumed. Default zeros. */
  readonly background?: np.Array | undefined;
  /** Default "threshold". */
  readonly sampler?: Sampler | undefined;
  /** Train on exact draws with the relaxed gradient. Default false. */
  readonly hard?: boolean | undefined;
  /** At the first step, default 1: from warm draws, every feature hears early what it is good for. */
  readonly temperature?: number | undefined;
  /** At the last step, which the temperature falls to linearly. Default 0.1. */
  readonly temperatureEnd?: number | undefined;
  /** Default 500. */
  readonly steps?: number | undefined;
  /** Examples a step, default 100. */
  readonly batch?: number | undefined;
  /** AdamW's, at the first step; it falls to 0. Default 0.002. */
  readonly learningRate?: number | undefined;
  /** Units of the explainer's two hidden layers, default 100. */
  readonly hidden?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Called after every step, with what it minimized: the cross-entropy of what the classifier says, in nats. */
  readonly onStep?: ((step: number, loss: number) => void | Promise<void>) | undefined;
}

/** A trained explainer. Its functions consume their inputs, `[batch, features]`. */
export interface Explanation {
  /** The k features, or groups, that are chosen of each input: `[batch, groups]` of zeros and ones. */
  choose(inputs: np.Array): np.Array;
  /** The share of inputs of which the classifier says the same by what is chosen alone: the post-hoc accuracy, up to 1. */
  fidelity(inputs: np.Array): Promise<number>;
  /** Frees what the explanation holds. */
  dispose(): void;
}

/**
 * Trains an explainer of a classifier: a network that chooses k features of each input so that the classifier says from these
 * alone what it says from all. While it trains, the k are drawn by a relaxed subset; what it explains is discrete.
 *
 * The loss is the cross-entropy of the classifier's own probabilities and what it says of the drawn features: minus a lower
 * bound, but for a constant, on the mutual information of the features that are chosen and the answer.
 *
 * @param examples `[count, features]` to learn from, such as the training set, consumed; their labels are not needed
 * @throws RangeError for examples and options that do not fit each other
 *
 * Chen, Song, Wainwright, Jordan, "Learning to Explain: An Information-Theoretic Perspective on Model Interpretation", 2018.
 */
export async function explain<P extends Parameters>(
  model: Model<P>,
  examples: np.Array,
  options: ExplainOptions,
): Promise<Explanation> {
  checkOptions(examples, options);
  const given = givenOf(model, examples, options);
  try {
    const training = trainingOf(model, given, options);
    const trained = await finalState(train(training, startOf(training)), ({ step, loss }) =>
      options.onStep?.(step, loss),
    );
    const { model: explainer, ...rest } = trained;
    tree.dispose(rest);
    return explanationOf(model, explainer, refOf(given.subject), options);
  } finally {
    tree.dispose(given as Parameters);
  }
}

/** Takes the examples and what the options hold over, and keeps the classifier. */
function givenOf<P extends Parameters>(
  { parameters, classify }: Model<P>,
  examples: np.Array,
  options: ExplainOptions,
): Given<P> {
  const features = examples.shape[1]!;
  const { members = np.eye(features), background = np.zeros([features]) } = options;
  const probabilities = probabilitiesKernel(classify);
  const labels = probabilities(refOf(parameters), examples.ref);
  probabilities.dispose();
  return { subject: { parameters: refOf(parameters), members, background }, examples, labels };
}

/** One epoch, which ends with nothing. Keeps what is given. */
function trainingOf<P extends Parameters>(
  { classify }: Model<P>,
  given: Given<P>,
  options: ExplainOptions,
): Training<State<Perceptron>, Given<P>, Settings> {
  const { k, sampler = "threshold", hard = false, steps = 500, batch = 100, hidden = 100, seed = 0 } = options;
  const { temperature = 1, temperatureEnd = 0.1, learningRate = 2e-3 } = options;
  const [groups, features] = shapeOf(given.subject.members, 2);
  const task = postHocTask(classify, { features, groups, hidden });
  return {
    name: "explain",
    epochs: 1,
    steps,
    examples: batch,
    begin: () => initState(random.key(seed), task.init),
    settingsAt: coolingSettings({ temperature, temperatureEnd, learningRate }, steps),
    batchesOf: async () => () => refOf(given),
    update: trainingStep({ k, sampler, hard, batch, weightDecay: 0.01 }, task),
    measure: async () => ({ epoch: 1 }),
  };
}

/** Takes the explainer and the subject over. */
function explanationOf<P extends Parameters>(
  { classify }: Model<P>,
  explainer: Perceptron,
  subject: Subject<P>,
  { k }: ExplainOptions,
): Explanation {
  const kernel = choiceKernel(classify);
  const chooseOf = (inputs: np.Array) => kernel(refOf(explainer), refOf(subject), inputs, k);
  return {
    choose(inputs) {
      const { chosen, alone, whole } = chooseOf(inputs);
      tree.dispose([alone, whole]);
      return chosen;
    },
    async fidelity(inputs) {
      const { chosen, alone, whole } = chooseOf(inputs);
      chosen.dispose();
      return (await alone.equal(whole).astype(np.float32).mean().data())[0]!;
    },
    dispose() {
      tree.dispose([explainer, subject as Parameters]);
      kernel.dispose();
    },
  };
}

/** The same tree once more: whoever takes this one leaves the other. */
function refOf<T extends Parameters>(arrays: T): T {
  return tree.ref(arrays as Parameters) as T;
}

const positive = z.number().positive().optional();
const count = z.int().min(1).optional();

/** What the options may be; arrays and functions are checked where it is known what they have to fit. */
const schema = z.strictObject({
  k: z.unknown().optional(),
  members: z.unknown().optional(),
  background: z.unknown().optional(),
  sampler: z.enum(samplers).optional(),
  hard: z.boolean().optional(),
  temperature: positive,
  temperatureEnd: positive,
  steps: count,
  batch: count,
  learningRate: positive,
  hidden: count,
  seed: z.int().min(0).max(LARGEST_SEED).optional(),
  onStep: z.unknown().optional(),
});

function checkOptions(examples: np.Array, options: ExplainOptions): void {
  const [issue] = schema.safeParse(options).error?.issues ?? [];
  if (issue?.code === "unrecognized_keys") {
    const known = Object.keys(schema.shape).join(", ");
    throw new TypeError(`explain: unknown option "${issue.keys[0]}". There are ${known}.`);
  }
  if (issue) {
    const got = (options as unknown as Readonly<Record<PropertyKey, unknown>>)[issue.path[0]!];
    throw new RangeError(`explain: ${String(issue.path[0])}: ${issue.message}, got ${String(got)}.`);
  }
  const { k, members, background } = options;
  const [count = 0, features = 0] = examples.shape;
  if (examples.ndim !== 2 || count < 1) {
    throw new RangeError(`explain: examples must have shape [count, features], got [${examples.shape}].`);
  }
  if (members && (members.ndim !== 2 || members.shape[1] !== features)) {
    throw new RangeError(`explain: members must have shape [groups, ${features}], got [${members.shape}].`);
  }
  if (background && (background.ndim !== 1 || background.shape[0] !== features)) {
    throw new RangeError(`explain: background must have shape [${features}], got [${background.shape}].`);
  }
  const groups = members?.shape[0] ?? features;
  if (!Number.isInteger(k) || k < 1 || k > groups) {
    throw new RangeError(`explain: k must be a whole number from 1 to ${groups}, got ${k}.`);
  }
}
