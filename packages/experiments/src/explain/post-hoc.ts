/**
 * The shared model where the classifier is there already and stays as it is: only the explainer is trained, to choose the
 * features from which the classifier tells what it tells from all of them.
 */

import { jit, nn, numpy as np, random, tree } from "@jax-js/jax";
import type { Parameters } from "../nn/adam.ts";
import { materialize } from "../nn/convolution.ts";
import { multipleOfFour } from "../nn/dense.ts";
import { initPerceptron, type Perceptron, perceptron } from "../nn/perceptron.ts";
import { chooseFeatures, type Task } from "./model.ts";

/** Any differentiable classifier: inputs `[batch, features]` to logits `[batch, classes]`. It consumes both. */
export type Classify<P extends Parameters> = (parameters: P, inputs: np.Array) => np.Array;

/**
 * What is explained, and by what: `members`, `[groups, features]`, is 1 where a feature belongs to a group; `background`,
 * `[features]`, stands in for what is not seen.
 */
export type Subject<P extends Parameters> = { parameters: P; members: np.Array; background: np.Array };

/** Examples to learn from, and what the classifier says of them: probabilities, `[count, classes]`. */
export type Given<P extends Parameters> = { subject: Subject<P>; examples: np.Array; labels: np.Array };

type Inputs<P extends Parameters> = { subject: Subject<P>; x: np.Array };

export function postHocTask<P extends Parameters>(
  classify: Classify<P>,
  { features, groups, hidden }: { readonly features: number; readonly groups: number; readonly hidden: number },
): Task<Perceptron, Given<P>, Inputs<P>> {
  return {
    init: (key) => initPerceptron(key, [features, hidden, hidden, multipleOfFour(groups)]),
    batch(key, size, { subject, examples, labels }) {
      const rows = randomRows(key, size, examples);
      const x = materialize(np.take(examples, rows.ref, 0));
      return { inputs: { subject, x }, labels: np.take(labels, rows, 0) };
    },
    score: (explainer, { x }) => scoreGroups(explainer, x, groups),
    classify: (_, { subject, x }, seen) => classify(subject.parameters, hideUnseen(subject, x, seen)),
  };
}

/** Rows of examples, each as likely as any other, int32 `[size]`. Keeps the examples. */
export function randomRows(key: np.Array, size: number, examples: np.Array): np.Array {
  const count = examples.shape[0]!;
  // A uniform number may round up to 1.
  return np.minimum(np.floor(random.uniform(key, [size]).mul(count)), count - 1).astype(np.int32);
}

/** The score of each group of features, `[batch, groups]`. Consumes both arrays. */
export function scoreGroups(explainer: Perceptron, x: np.Array, groups: number): np.Array {
  return perceptron(explainer, x).slice([], [0, groups]);
}

/** Inputs of which so much is left as is seen of each group, and the background for the rest. */
function hideUnseen(
  { members, background }: Pick<AnySubject, "members" | "background">,
  x: np.Array,
  seen: np.Array,
): np.Array {
  const seenFeatures = np.matmul(seen, members);
  return materialize(x.mul(seenFeatures.ref).add(background.mul(np.subtract(1, seenFeatures))));
}

/** The k groups that are chosen of each input, and the class that the classifier tells by these alone and by the whole. */
export function choiceKernel<P extends Parameters>(classify: Classify<P>) {
  return jit(
    function choose(explainer: Perceptron, { members, background, parameters }: AnySubject, x: np.Array, k: number) {
      const chosen = chooseFeatures(scoreGroups(explainer, x.ref, members.shape[0]!), k);
      const alone = hideUnseen({ members, background }, x.ref, chosen.ref);
      const whole = np.argmax(classify(tree.ref(parameters) as P, x), -1);
      return { chosen, alone: np.argmax(classify(parameters as P, alone), -1), whole };
    },
    { staticArgnums: [3] },
  );
}

/** A subject whose parameters the engine's types need not follow. */
type AnySubject = Subject<Parameters>;

/** What the classifier says of inputs, as probabilities. */
export function probabilitiesKernel<P extends Parameters>(classify: Classify<P>) {
  return jit((parameters: Parameters, x: np.Array) => nn.softmax(classify(parameters as P, x), -1));
}

/** The groups that are the square patches of images, `[groups, height * width]`: row by row, each `size` pixels wide and high. */
export function patchMembers({ height, width, size }: { height: number; width: number; size: number }): np.Array {
  const [rows, columns] = [height / size, width / size];
  const members = new Float32Array(rows * columns * height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const group = Math.floor(y / size) * columns + Math.floor(x / size);
      members[group * height * width + y * width + x] = 1;
    }
  }
  return np.array(members, { shape: [rows * columns, height * width] });
}
