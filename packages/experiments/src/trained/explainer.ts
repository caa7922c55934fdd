/** Trained explainers, of each task. */

import { numpy as np, random, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { schema as digitsSchema, digitsTask, PATCHES, SIDE } from "../explain/digits/method.ts";
import { chooseFeatures } from "../explain/model.ts";
import { scoreGroups } from "../explain/post-hoc.ts";
import { scoreTokens, schema as sequencesSchema, sequencesTask, TOKENS, WORDS } from "../explain/sequences/method.ts";
import {
  type Name,
  FEATURES as SYNTHETIC,
  schemaOf,
  scoreFeatures,
  syntheticTask,
} from "../explain/synthetic/method.ts";
import type { Parameters } from "../nn/adam.ts";
import { configOf, countOf, kernelOf, modelIn, type Parts, rowsOf } from "./parts.ts";

/** Of `softdraw train explain`. */
export interface TrainedExplainer extends Parts<"explain"> {
  readonly task: string;
  /** Inputs of an example, and what is chosen from: patches of the digits' pixels, the inputs themselves otherwise. */
  readonly inputs: number;
  readonly features: number;
  /** Examples `[count, inputs]` to 1 for the k features that are chosen and 0 for the others, `[count, features]`. */
  choose(examples: Float32Array): Promise<Float32Array>;
}

export function loadTokens(checkpoint: Checkpoint, file: string): TrainedExplainer {
  const config = configOf(sequencesSchema, checkpoint, file);
  const model = modelIn(checkpoint, "model", () => sequencesTask(config).init(random.key(0)));
  const scored = ({ classifier, ...rest }: typeof model, x: np.Array) => {
    tree.dispose(classifier);
    return scoreTokens(rest, x.astype(np.int32));
  };
  const sizes = { task: "sequences", inputs: TOKENS, features: TOKENS, k: config.k };
  return explainerOf(sizes, model, scored, (examples) => {
    const wrong = examples.find((token) => !Number.isInteger(token) || token < 1 || token > WORDS);
    if (wrong === undefined) return;
    throw new RangeError(`choose: examples: expected tokens from 1 to ${WORDS}, got ${wrong}.`);
  });
}

export function loadSynthetic(task: Name, checkpoint: Checkpoint, file: string): TrainedExplainer {
  const config = configOf(schemaOf(task), checkpoint, file);
  const model = modelIn(checkpoint, "model", () => syntheticTask(config).init(random.key(0)));
  const scored = ({ explainer, classifier }: typeof model, x: np.Array) => {
    tree.dispose(classifier);
    return scoreFeatures({ explainer }, x);
  };
  return explainerOf({ task, inputs: SYNTHETIC, features: SYNTHETIC, k: config.k }, model, scored);
}

export function loadDigits(checkpoint: Checkpoint, file: string): TrainedExplainer {
  const config = configOf(digitsSchema, checkpoint, file);
  if (!("explainer.model.0.weight" in checkpoint.tensors)) {
    throw new Error(`${file}: expected a trained explainer, got one whose classifier is still being trained.`);
  }
  const model = modelIn(checkpoint, "explainer.model", () => digitsTask(config).init(random.key(0)));
  const sizes = { task: "digits", inputs: SIDE ** 2, features: PATCHES, k: config.k };
  return explainerOf(sizes, model, (explainer, x) => scoreGroups(explainer, x, PATCHES));
}

function explainerOf<Model extends Parameters>(
  { k, ...sizes }: { task: string; inputs: number; features: number; k: number },
  model: Model,
  score: (model: Model, x: np.Array) => np.Array,
  check: (examples: Float32Array) => void = () => {},
): TrainedExplainer {
  const chosen = kernelOf(model, (model: Model, x) => chooseFeatures(score(model, x), k));
  return {
    experiment: "explain",
    ...sizes,
    async choose(examples) {
      countOf("choose: examples", examples, sizes.inputs);
      check(examples);
      return chosen(rowsOf("choose: examples", examples, [sizes.inputs]));
    },
    dispose: () => tree.dispose(model),
  };
}
