/** The two networks that are trained: a surrogate of the model that sees parts of examples, and the explainer. */

import { nn, numpy as np, tree } from "@jax-js/jax";
import type { Parameters } from "../../nn/adam.ts";
import { materialize } from "../../nn/convolution.ts";
import { multipleOfFour } from "../../nn/dense.ts";
import { type Embedding, embed, initEmbedding } from "../../nn/embedding.ts";
import { splitKey } from "../../nn/keys.ts";
import { product } from "../../nn/parts.ts";
import { initPerceptron, type Perceptron, perceptron } from "../../nn/perceptron.ts";
import { shapeOf } from "../../nn/shapes.ts";
import type { Examples, NumberExamples, TokenExamples } from "./examples.ts";

/** Networks for one kind of examples. All functions consume their arrays. */
export interface Networks {
  /** What does not change while training, and is not trained. */
  constants(): Parameters;
  initSurrogate(key: np.Array): Parameters;
  initExplainer(key: np.Array): Parameters;
  /**
   * What the surrogate says of what is seen of examples: logits `[batch, classes]`.
   *
   * @param x the examples, `[batch, ...]`
   * @param seen how much of each group, `[batch, groups]` from 0 to 1
   */
  tell(surrogate: Parameters, constants: Parameters, x: np.Array, seen: np.Array): np.Array;
  /**
   * A score for each group, `[batch, groups]`.
   *
   * @param answers what the model says of the examples, `[batch, classes]`: what is explained is known
   */
  score(explainer: Parameters, constants: Parameters, x: np.Array, answers: np.Array): np.Array;
}

export interface Sizes {
  readonly classes: number;
  /** Units of hidden layers. */
  readonly hidden: number;
}

export function networksFor(examples: Examples, sizes: Sizes): Networks {
  return examples.kind === "numbers" ? ofNumbers(examples, sizes) : ofTokens(examples, sizes);
}

// Numbers -------------------------------------------------------------------------------------------------------------

/** `mean` and `scale`, `[features]`, standardize; `members`, `[features, groups]`, is 1 where a feature is of a group. */
type NumberConstants = { mean: np.Array; scale: np.Array; members: np.Array };

function ofNumbers(examples: NumberExamples, { classes, hidden }: Sizes): Networks {
  const { features, groups } = examples;
  const [columns, paddedGroups] = [multipleOfFour(features), multipleOfFour(groups)];
  const own = constantsOf(examples, columns, paddedGroups);
  const standardized = ({ mean, scale }: Omit<NumberConstants, "members">, x: np.Array) =>
    padded(x, columns).sub(mean).mul(scale);
  return {
    constants: (): NumberConstants => ({
      mean: np.array(own.mean),
      scale: np.array(own.scale),
      members: np.array(own.members, { shape: [columns, paddedGroups] }),
    }),
    initSurrogate: (key) => initPerceptron(key, [columns + paddedGroups, hidden, hidden, multipleOfFour(classes)]),
    initExplainer: (key) => initPerceptron(key, [columns + multipleOfFour(classes), hidden, hidden, paddedGroups]),
    tell(surrogate, constants, x, seen) {
      const { members, ...rest } = constants as NumberConstants;
      const seenGroups = materialize(padded(seen, paddedGroups));
      const part = standardized(rest, x).mul(product(seenGroups.ref, members));
      const logits = perceptron(surrogate as Perceptron, materialize(np.concatenate([part, seenGroups], 1)));
      return logits.slice([], [0, classes]);
    },
    score(explainer, constants, x, answers) {
      const { members, ...rest } = constants as NumberConstants;
      members.dispose();
      const known = np.concatenate([standardized(rest, x), padded(answers, multipleOfFour(classes))], 1);
      return perceptron(explainer as Perceptron, materialize(known)).slice([], [0, groups]);
    },
  };
}

/** Rows with zeros behind them: the engine multiplies fast where a width is a multiple of 4. */
function padded(x: np.Array, width: number): np.Array {
  const missing = width - x.shape[1]!;
  return missing === 0
    ? x
    : np.pad(x, [
        [0, 0],
        [0, missing],
      ]);
}

/** The numbers of the constants. */
function constantsOf(
  { count, features, values, groups, groupOf }: NumberExamples,
  columns: number,
  paddedGroups: number,
) {
  const [sums, squares] = [new Float64Array(features), new Float64Array(features)];
  for (let row = 0; row < count; row++) {
    for (let feature = 0; feature < features; feature++) {
      const value = values[row * features + feature]!;
      sums[feature]! += value;
      squares[feature]! += value * value;
    }
  }
  const deviation = squares.map((square, i) => Math.sqrt(Math.max(0, square / count - (sums[i]! / count) ** 2)));
  // A feature that hardly ever changes, such as a pixel at the margin, must not become a large number where it does.
  const typical = Math.sqrt(deviation.reduce((sum, x) => sum + x * x, 0) / features);
  const floor = groups < features ? typical / 4 : 0;
  const [mean, scale] = [new Float32Array(columns), new Float32Array(columns)];
  mean.set(sums.map((sum) => sum / count));
  scale.set(deviation.map((x) => (x > 0 ? 1 / Math.max(x, floor) : 0)));
  const members = new Float32Array(columns * paddedGroups);
  groupOf.forEach((group, feature) => {
    members[feature * paddedGroups + group] = 1;
  });
  return { mean, scale, members };
}

// Tokens --------------------------------------------------------------------------------------------------------------

/** A vector for each word, and one for each place. */
type Words = { embedding: Embedding; places: np.Array; item: Perceptron };
type TokenNetwork = Words & { output: Perceptron };

/** Of the vectors. */
const WIDTH = 32;

/** Beyond so many words a table is looked up instead of multiplied with. */
const MULTIPLIED_WORDS = 512;

function ofTokens({ groups, words }: TokenExamples, { classes, hidden }: Sizes): Networks {
  const rows = multipleOfFour(words);
  // There are many tokens in a batch, and half as many units for each make a quarter of the work.
  const units = multipleOfFour(Math.ceil(hidden / 2));
  const initWords = (keys: np.Array[]): Words => ({
    embedding: initEmbedding(keys[0]!, rows, WIDTH),
    places: initEmbedding(keys[1]!, groups, WIDTH),
    item: initPerceptron(keys[2]!, [WIDTH, units]),
  });
  /** What is known of each token and its place, `[batch, groups, units]`. */
  const itemsOf = ({ embedding, places, item }: Words, x: np.Array) => {
    const vectors = words <= MULTIPLIED_WORDS ? embed(embedding, x) : np.take(embedding, x, 0);
    const [batch] = shapeOf(vectors, 3);
    const rows = vectors.add(places).reshape([batch * groups, WIDTH]);
    return nn.relu(perceptron(item, rows)).reshape([batch, groups, units]);
  };
  /** The sum of what is seen. */
  const pooled = (items: np.Array, seen: np.Array) => {
    const sum = np.matmul(np.expandDims(seen, 1), items);
    return materialize(sum.reshape([sum.shape[0]!, units]).mul(1 / Math.sqrt(groups)));
  };
  return {
    constants: () => ({}),
    initSurrogate: (key) => {
      const [outputKey, ...keys] = splitKey(key, 4);
      return { ...initWords(keys), output: initPerceptron(outputKey, [units, hidden, multipleOfFour(classes)]) };
    },
    initExplainer: (key) => {
      const [outputKey, ...keys] = splitKey(key, 4);
      return {
        ...initWords(keys),
        output: initPerceptron(outputKey, [2 * units + multipleOfFour(classes), units, multipleOfFour(1)]),
      };
    },
    tell(surrogate, constants, x, seen) {
      tree.dispose(constants);
      const { output, ...rest } = surrogate as TokenNetwork;
      return perceptron(output, pooled(itemsOf(rest, x), seen)).slice([], [0, classes]);
    },
    score(explainer, constants, x, answers) {
      tree.dispose(constants);
      const { output, ...rest } = explainer as TokenNetwork;
      const items = itemsOf(rest, x);
      const batch = items.shape[0]!;
      const all = pooled(items.ref, np.ones([batch, groups]));
      const known = np.concatenate([all, padded(answers, multipleOfFour(classes))], 1);
      const width = known.shape[1]!;
      const context = np.broadcastTo(np.expandDims(known, 1), [batch, groups, width]);
      const rows = np.concatenate([items, context], 2).reshape([batch * groups, units + width]);
      return perceptron(output, materialize(rows)).slice([], 0).reshape([batch, groups]);
    },
  };
}
