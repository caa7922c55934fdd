/**
 * What has been trained, as functions from numbers to numbers: for programs and pages that use a model, and neither train nor judge
 * it. Inputs are rows, one after the other in one array, and so are outputs.
 *
 * @module
 */

import { jit, nn, numpy as np, random, tree } from "@jax-js/jax";
import type { z } from "zod";
import { latentOf } from "./categorical-vae/latent.ts";
import {
  type Model as Autoencoder,
  decode,
  encode,
  initModel as initAutoencoder,
  schema as vaeSchema,
} from "./categorical-vae/method.ts";
import { configurationIn } from "./checkpoint/described.ts";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint/safetensors.ts";
import { pooledPatches } from "./data/patches.ts";
import { schema as digitsSchema, digitsTask, PATCHES, SIDE } from "./explain/digits/method.ts";
import { chooseFeatures } from "./explain/model.ts";
import { scoreGroups } from "./explain/post-hoc.ts";
import { scoreTokens, schema as sequencesSchema, sequencesTask, TOKENS, WORDS } from "./explain/sequences/method.ts";
import {
  benchmarks,
  type Name,
  FEATURES as SYNTHETIC,
  schemaOf,
  scoreFeatures,
  syntheticTask,
} from "./explain/synthetic/method.ts";
import { foreignText } from "./foreign-text.ts";
import { KERNEL } from "./nearest-neighbours/batches.ts";
import { schema as dknnSchema, embed, initModel as initEmbedding, numbersLeft } from "./nearest-neighbours/method.ts";
import type { Parameters } from "./nn/adam.ts";
import { arraysOf, checkTensors } from "./nn/tensors.ts";
import { problemOf } from "./problems.ts";
import { initModel as initSorter, scoreNumbers, schema as sortSchema } from "./sorting/method.ts";

/** The parts of a trained model, by its `experiment`. */
export type TrainedParts = TrainedAutoencoder | TrainedEmbedding | TrainedSorter | TrainedExplainer;

interface Parts<Experiment extends string> {
  readonly experiment: Experiment;
  /** Frees the model. Its functions are not to be called any more. */
  dispose(): void;
}

/** Of `softdraw train vae`. */
export interface TrainedAutoencoder extends Parts<"vae"> {
  /** The shape of a code: its variables, and what each of them is. */
  readonly code: readonly number[];
  /** Images `[count, pixels]`, from 0 to 1, to the logits of their codes, `[count, ...code]`. */
  encode(images: Float32Array): Promise<Float32Array>;
  /** Codes, choices as they are drawn, `[count, ...code]`, to images: how probable ink is in each pixel, `[count, pixels]`. */
  decode(codes: Float32Array): Promise<Float32Array>;
}

/** Of `softdraw train dknn`. */
export interface TrainedEmbedding extends Parts<"dknn"> {
  /** Images `[count, height, width]`, from 0 to 1, to points `[count, 500]`, of which near ones are alike. */
  embed(images: Float32Array, size: { readonly height: number; readonly width: number }): Promise<Float32Array>;
}

/** Of `softdraw train sort`. */
export interface TrainedSorter extends Parts<"sort"> {
  /** Scores of a number: one, or one for each place of the list. */
  readonly scores: number;
  /** Numbers `[count]` to their scores, `[count, scores]`. */
  score(numbers: Float32Array): Promise<Float32Array>;
}

/** Of `softdraw train explain`. */
export interface TrainedExplainer extends Parts<"explain"> {
  readonly task: string;
  /** Inputs of an example, and what is chosen from: patches of the digits' pixels, the inputs themselves otherwise. */
  readonly inputs: number;
  readonly features: number;
  /** Examples `[count, inputs]` to 1 for the k features that are chosen and 0 for the others, `[count, features]`. */
  choose(examples: Float32Array): Promise<Float32Array>;
}

/**
 * The parts of the model in the bytes of a `checkpoint.safetensors`.
 *
 * @param file how messages call it
 * @throws Error saying what was expected and what came, for bytes that are no checkpoint of an experiment with such parts
 */
export function loadRun(bytes: Uint8Array, file = "The checkpoint"): TrainedParts {
  return partsOf(decodeCheckpoint(bytes, file), file);
}

/** The same for a checkpoint that has been decoded. */
export function partsOf(checkpoint: Checkpoint, file = "The checkpoint"): TrainedParts {
  const { experiment = "" } = checkpoint.metadata;
  const load = Object.hasOwn(loaders, experiment) ? loaders[experiment] : undefined;
  if (load !== undefined) return load(checkpoint, file);
  const known = Object.keys(loaders).join(", ");
  throw new Error(`${file}: expected a checkpoint of ${known}, got one of "${foreignText(experiment)}".`);
}

type Load = (checkpoint: Checkpoint, file: string) => TrainedParts;

const loaders: Readonly<Record<string, Load>> = {
  vae: loadAutoencoder,
  dknn: loadEmbedding,
  sort: loadSorter,
  "explain sequences": loadTokens,
  "explain digits": loadDigits,
  ...Object.fromEntries(
    Object.keys(benchmarks).map((task): [string, Load] => [
      `explain ${task}`,
      (checkpoint, file) => loadSynthetic(task as Name, checkpoint, file),
    ]),
  ),
};

// Experiments ----------------------------------------------------------------------------------------------------------

function loadAutoencoder(checkpoint: Checkpoint, file: string): TrainedAutoencoder {
  const config = configOf(vaeSchema, checkpoint, file);
  const pixels = checkpoint.tensors["model.encoder.0.weight"]?.shape[1] ?? 0;
  const code = [config.variables, ...latentOf(config).event];
  const model = modelIn(checkpoint, "model", () => initAutoencoder(random.key(0), config, pixels));
  const encoded = kernelOf(model, ({ encoder, decoder }: Autoencoder, x) => {
    tree.dispose(decoder);
    return encode(encoder, x, config);
  });
  const decoded = kernelOf(model, ({ encoder, decoder }: Autoencoder, x) => {
    tree.dispose(encoder);
    return nn.sigmoid(decode(decoder, x, config));
  });
  return {
    experiment: "vae",
    code,
    encode: async (images) => encoded(rowsOf("encode: images", images, [pixels])),
    decode: async (codes) => decoded(rowsOf("decode: codes", codes, code)),
    dispose: () => tree.dispose(model),
  };
}

function loadEmbedding(checkpoint: Checkpoint, file: string): TrainedEmbedding {
  const config = configOf(dknnSchema, checkpoint, file);
  const inputs = checkpoint.tensors["model.linear.weight"]?.shape[1] ?? 0;
  const model = modelIn(checkpoint, "model", () => initEmbedding(random.key(0), config, inputs));
  const embedded = kernelOf(model, embed);
  return {
    experiment: "dknn",
    async embed(images, { height, width }) {
      const left = numbersLeft({ height, width });
      if (left !== inputs) {
        throw new RangeError(
          `embed: expected images of which both convolutions leave ${inputs} numbers, as of those that were trained on, ` +
            `got ${height} x ${width}, of which they leave ${left}.`,
        );
      }
      const count = countOf("embed: images", images, height * width);
      return embedded(pooledPatches(images, { count, height, width }, KERNEL));
    },
    dispose: () => tree.dispose(model),
  };
}

function loadSorter(checkpoint: Checkpoint, file: string): TrainedSorter {
  const config = configOf(sortSchema, checkpoint, file);
  const model = modelIn(checkpoint, "model", () => initSorter(random.key(0), config));
  const scored = kernelOf(model, scoreNumbers);
  return {
    experiment: "sort",
    scores: model.output.bias.size,
    score: async (numbers) => scored(rowsOf("score: numbers", numbers, [])),
    dispose: () => tree.dispose(model),
  };
}

function loadTokens(checkpoint: Checkpoint, file: string): TrainedExplainer {
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

function loadSynthetic(task: Name, checkpoint: Checkpoint, file: string): TrainedExplainer {
  const config = configOf(schemaOf(task), checkpoint, file);
  const model = modelIn(checkpoint, "model", () => syntheticTask(config).init(random.key(0)));
  const scored = ({ explainer, classifier }: typeof model, x: np.Array) => {
    tree.dispose(classifier);
    return scoreFeatures({ explainer }, x);
  };
  return explainerOf({ task, inputs: SYNTHETIC, features: SYNTHETIC, k: config.k }, model, scored);
}

function loadDigits(checkpoint: Checkpoint, file: string): TrainedExplainer {
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
      check(examples);
      return chosen(rowsOf("choose: examples", examples, [sizes.inputs]));
    },
    dispose: () => tree.dispose(model),
  };
}

// What they share ------------------------------------------------------------------------------------------------------

/** The configuration that a checkpoint says it was trained with. */
function configOf<Config>(schema: z.ZodType<Config>, checkpoint: Checkpoint, file: string): Config {
  const values = configurationIn(checkpoint);
  if (values === undefined) throw new Error(`${file}: expected one that says its configuration, got none.`);
  const { data, error } = schema.safeParse(values);
  if (error) throw new Error(`${file}: ${problemOf(error, values)}`);
  return data;
}

/**
 * The model below a path of the checkpoint, which the caller owns.
 *
 * @param init such a model, to compare with
 */
function modelIn<Model extends Parameters>({ tensors }: Checkpoint, path: string, init: () => Model): Model {
  const below = Object.entries(tensors).filter(([name]) => name.startsWith(`${path}.`));
  const own = Object.fromEntries(below.map(([name, tensor]) => [name.slice(path.length + 1), tensor]));
  const expected = init();
  try {
    checkTensors(own, expected);
  } finally {
    tree.dispose(expected);
  }
  return arraysOf<Model>(own);
}

/** A function of the model and of rows, compiled, from rows to numbers. It consumes the rows, and keeps the model. */
function kernelOf<Model extends Parameters>(model: Model, f: (model: Model, x: np.Array) => np.Array) {
  const kernel = jit(f as (model: Parameters, x: np.Array) => np.Array);
  return async (x: np.Array) => (await kernel(tree.ref(model), x).data()) as Float32Array;
}

/** Rows of a shape as an array. Numbers that are none are refused: behind a maximum they would not be seen any more. */
function rowsOf(what: string, values: Float32Array, shape: readonly number[]): np.Array {
  const count = countOf(
    what,
    values,
    shape.reduce((size, length) => size * length, 1),
  );
  return np.array(values as Float32Array<ArrayBuffer>, { shape: [count, ...shape] });
}

/** How many rows there are, at least one. */
function countOf(what: string, values: Float32Array, width: number): number {
  if (values.length === 0 || values.length % width !== 0) {
    throw new RangeError(`${what}: expected rows of ${width} numbers, at least one, got ${values.length} numbers.`);
  }
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`${what}: expected finite numbers, got ${wrong}.`);
  return values.length / width;
}
