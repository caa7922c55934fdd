/** The samplers of the explanations side by side: what each one's training comes to, and how its draws behave on the way. */

import { grad, jit, numpy as np, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { generated } from "../data/types.ts";
import type { EpochRecord, Experiment } from "../experiment.ts";
import { crossEntropy, type Drawing, drawFeatures, type Task } from "../explain/model.ts";
import { type Sampler, samplers } from "../explain/samplers.ts";
import { sequences } from "../explain/sequences/index.ts";
import { sequencesTask } from "../explain/sequences/method.ts";
import { xor } from "../explain/synthetic/index.ts";
import { syntheticTask } from "../explain/synthetic/method.ts";
import type { GeneratedConfig, NothingGiven } from "../explain/training.ts";
import type { Parameters } from "../nn/adam.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { arraysOf } from "../nn/tensors.ts";

export interface ExplainComparison {
  /** Trainings of each sampler on each task, from seed 0. */
  readonly seeds: number;
  /** Steps of a training; the task's own number when it is not given. */
  readonly steps?: number | undefined;
}

/** What one training came to. */
export interface SamplerRun {
  readonly task: string;
  readonly sampler: Sampler;
  readonly seed: number;
  /** % of fresh examples that are classified right by the k chosen features. */
  readonly accuracy: number;
  /** % of the features that are chosen which are right ones. */
  readonly precision: number;
  /** Loss with exact draws less that with relaxed ones of the same noise, in nats, at the end. */
  readonly gap: number;
  /** Of an example's loss by its scores, over draws: summed over the scores, a mean over examples, half way. */
  readonly gradientVariance: number;
}

/** A task with what is needed to look into its draws. */
interface Subject {
  readonly name: string;
  train(values: object): Promise<Trained>;
  draws(values: object): Draws;
}

/** What is looked at of a training. */
interface Trained {
  readonly halfway: Checkpoint;
  readonly end: Checkpoint;
  readonly record: EpochRecord;
}

const subjects: readonly Subject[] = [subjectOf(sequences, sequencesTask), subjectOf(xor, syntheticTask)];

function subjectOf<Config extends GeneratedConfig, Model extends Parameters, Inputs extends Parameters>(
  experiment: Experiment<Config>,
  taskOf: (config: Config) => Task<Model, NothingGiven, Inputs>,
): Subject {
  const configOf = (values: object) => experiment.schema.parse(values);
  return {
    name: configOf({}).task,
    train: (values) => trainingOf(experiment, configOf(values)),
    draws(values) {
      const config = configOf(values);
      return drawsOf(config, taskOf(config), config.temperature);
    },
  };
}

async function trainingOf<Config extends GeneratedConfig>(
  experiment: Experiment<Config>,
  config: Config,
): Promise<Trained> {
  // As many steps as ever, in two epochs: what is looked at, and so measured, is the middle and the end.
  const halves = { ...config, epochs: 2, steps: (config.epochs * config.steps) / 2 };
  let halfway: Checkpoint | undefined;
  for await (const { record, checkpoint } of experiment.run(halves, { data: generated })) {
    if (!record) continue;
    if (halfway) return { halfway, end: await checkpoint(), record };
    halfway = await checkpoint();
  }
  throw new Error("The training ended before its last epoch.");
}

/** Trains with every sampler and seed, and yields each training's figures as it ends. */
export async function* compareExplainSamplers({ seeds, steps }: ExplainComparison): AsyncGenerator<SamplerRun> {
  for (const subject of subjects) {
    for (const sampler of samplers) {
      for (let seed = 0; seed < seeds; seed++) yield await runOf(subject, sampler, seed, steps);
    }
  }
}

/** How many trainings that are. */
export function countRuns({ seeds }: ExplainComparison): number {
  return subjects.length * samplers.length * seeds;
}

async function runOf(subject: Subject, sampler: Sampler, seed: number, steps: number | undefined): Promise<SamplerRun> {
  const length = steps === undefined ? {} : { steps: Math.ceil(steps / 10), epochs: 10 };
  const values = { sampler, seed, ...length };
  const { halfway, end, record } = await subject.train(values);
  const draws = subject.draws(values);
  const [gradientVariance, gap] = [await draws.gradientVariance(halfway, seed), await draws.gap(end, seed)];
  draws.dispose();
  // As many features are chosen as decide, so the share of the chosen that decide is that of the deciding that are chosen.
  const { accuracy = Number.NaN, chosen = Number.NaN, precision = chosen } = record;
  return { task: subject.name, sampler, seed, accuracy, precision, gap, gradientVariance };
}

/** Examples whose draws are looked at, and draws of each for the gradient. */
const EXAMPLES = 500;
const DRAWS = 50;

/** Streams that neither training nor its measuring has. */
const LOOKING = 2 ** 30;

interface Draws {
  gap(checkpoint: Checkpoint, seed: number): Promise<number>;
  gradientVariance(checkpoint: Checkpoint, seed: number): Promise<number>;
  dispose(): void;
}

function drawsOf<Model extends Parameters, Inputs extends Parameters>(
  drawing: Drawing,
  task: Task<Model, NothingGiven, Inputs>,
  temperature: number,
): Draws {
  const any: Task<Parameters, Parameters, Parameters> = task;
  const lossOf = (hard: boolean, model: Parameters, key: np.Array, examples: Examples) => (scores: np.Array) => {
    const seen = drawFeatures({ ...drawing, hard }, key, scores, np.array(temperature));
    return crossEntropy(any.classify(model, examples.inputs, seen), examples.labels);
  };
  const prepare = (model: Parameters, keys: np.Array) => {
    const [examplesKey, drawKey] = splitKey(keys, 2);
    const examples = any.batch(examplesKey, EXAMPLES, {});
    const scores = any.score(tree.ref(model), tree.ref(examples.inputs), (x) => x);
    return { examples, scores, drawKey };
  };
  const gapKernel = jit((model: Parameters, keys: np.Array) => {
    const { examples, scores, drawKey } = prepare(model, keys);
    const loss = (hard: boolean) => lossOf(hard, tree.ref(model), drawKey.ref, tree.ref(examples))(scores.ref);
    return loss(true).sub(loss(false));
  });
  const gradientKernel = jit((model: Parameters, keys: np.Array, drawKey: np.Array) => {
    const { examples, scores, drawKey: unused } = prepare(model, keys);
    unused.dispose();
    // A mean over examples: times their number, it is the gradient of each one's own loss.
    return grad(lossOf(drawing.hard, model, drawKey, examples))(scores).mul(EXAMPLES);
  });
  const modelOf = ({ tensors }: Checkpoint) => arraysOf(tensors, "model");
  return {
    gap: async (checkpoint, seed) => (await gapKernel(modelOf(checkpoint), streamKey(seed, LOOKING)).data())[0]!,
    async gradientVariance(checkpoint, seed) {
      const model = modelOf(checkpoint);
      const moments = runningMoments();
      for (let draw = 0; draw < DRAWS; draw++) {
        const keys = [streamKey(seed, LOOKING), streamKey(seed, LOOKING + 1 + draw)] as const;
        moments.add((await gradientKernel(tree.ref(model), ...keys).data()) as Float32Array);
      }
      tree.dispose(model);
      return moments.totalVariance() / EXAMPLES;
    },
    dispose() {
      gapKernel.dispose();
      gradientKernel.dispose();
    },
  };
}

type Examples = { inputs: Parameters; labels: np.Array };

/** Sums and sums of squares of a stream of lists, entry by entry. */
function runningMoments() {
  let [count, sums, squares] = [0, new Float64Array(0), new Float64Array(0)];
  return {
    add(values: Float32Array): void {
      if (count++ === 0) [sums, squares] = [new Float64Array(values.length), new Float64Array(values.length)];
      values.forEach((value, i) => {
        sums[i]! += value;
        squares[i]! += value * value;
      });
    },
    /** The variances of all entries, summed. */
    totalVariance: () =>
      squares.reduce((total, square, i) => total + (square - sums[i]! ** 2 / count) / (count - 1), 0),
  };
}
