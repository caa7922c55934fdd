/**
 * Learning to sort numbers: a network looks at each number alone and scores its places, and the permutation that sorts
 * the list is trained through its relaxation. It never sees an order, only the error of the sorted list.
 *
 * After Mena, Belanger, Linderman, Snoek, "Learning Latent Permutations with Gumbel-Sinkhorn Networks", 2018, section
 * 5.1. The order below is theirs: configuration, model, objective, step, loop; then what is measured, and the pictures.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { permutation } from "softdraw";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { curvesOf } from "../curves.ts";
import type {
  Context,
  EpochRecord,
  EvaluationOptions,
  Experiment,
  NamedPicture,
  Result,
  Trained,
  TrainingEvent,
} from "../experiment.ts";
import { type AdamState, adam, initAdam } from "../nn/adam.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { arraysOf, readTensors } from "../nn/tensors.ts";
import { tileImages } from "../report/pixels.ts";
import { decays, dials, seedOption, temperatureOptions } from "../training/configuration.ts";
import { checkCheckpoint, finiteLoss, positionMetadata, readPosition } from "../training/loop.ts";

// Configuration ------------------------------------------------------------------------------------------------------

const schema = z.strictObject({
  ...seedOption,
  n: z.int().min(2).max(500).default(5).describe("numbers in a list, uniform from 0 to 1"),
  epochs: z.int().min(1).default(10).describe("reports while training"),
  steps: z.int().min(1).default(200).describe("steps between two reports"),
  batch: z.int().min(1).default(20).describe("lists a step"),
  noise: z.boolean().default(true).describe("train on relaxed draws; without, on the plan of the scores alone"),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 1 }),
  iterations: z.int().min(1).default(20).describe("Sinkhorn iterations"),
  learningRate: z.number().positive().default(0.1).describe("Adam's step size, at the first step if it decays"),
  learningRateDecay: z.enum(decays).default("cosine").describe("whether it falls to 0 at the last step"),
  hidden: z.int().min(1).default(32).describe("units of the hidden layer"),
  initialization: z.enum(initializations).default("he").describe("how the weights of the hidden layer begin"),
});

type Config = z.infer<typeof schema>;

const presets: Experiment<Config>["presets"] = {};

// Model --------------------------------------------------------------------------------------------------------------

type Model = { hidden: Dense; output: Dense };

/**
 * The scores begin at zero: what the places then learn differs from one to the next only by their place, and their order
 * comes out with fewer exchanged neighbours than from random scores: for 30 numbers, a tenth of the errors.
 */
function initModel(key: np.Array, { n, hidden, initialization }: Config): Model {
  const output = { weight: np.zeros([n, hidden]), bias: np.zeros([n]) };
  return { hidden: initDense(key, 1, hidden, initialization), output };
}

/** Lists `[..., n]` to the score of every place for every number, `[..., n, n]`. */
function scoreNumbers({ hidden, output }: Model, lists: np.Array): np.Array {
  const shape = lists.shape;
  const features = nn.relu(dense(hidden, lists.reshape([-1, 1])));
  return dense(output, features).reshape([...shape, shape.at(-1)!]);
}

// Objective ----------------------------------------------------------------------------------------------------------

/** The squared error of lists sorted by plans (rows are numbers, columns places), a mean a number. */
function sortingError(plans: np.Array, lists: np.Array): np.Array {
  const sorted = np.sort(lists.ref, -1);
  return np.square(permutation.applyInverse(plans, lists).sub(sorted)).mean();
}

// Step ---------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2) as [np.Array, np.Array];
  const model = initModel(modelKey, config);
  return { model, optimizer: initAdam(model), key };
}

type Dials = { temperature: np.Array; learningRate: np.Array };

/** New lists, gradient and optimizer in one jitted function, which consumes the state. */
function trainingStep({ n, batch, noise, iterations }: Config) {
  return jit(function step(state: State, { temperature, learningRate }: Dials) {
    const [key, listsKey, drawKey] = splitKey(state.key, 3) as [np.Array, np.Array, np.Array];
    const lists = random.uniform(listsKey, [batch, n]);
    const objective = (model: Model) => {
      const scores = scoreNumbers(model, lists.ref);
      const options = { temperature, iterations };
      const plans = noise ? permutation.relax(drawKey, scores, options) : permutation.softMode(scores, options);
      return sortingError(plans, lists);
    };
    const [loss, gradients] = valueAndGrad(objective)(tree.ref(state.model));
    const { parameters: model, state: optimizer } = adam(state.model, gradients, state.optimizer, learningRate);
    return { state: { model, optimizer, key }, loss };
  });
}

// Loop ---------------------------------------------------------------------------------------------------------------

/** `step` steps of epoch `epoch` are done; their losses sum to `lossSum`. */
type Position = { epoch: number; step: number; lossSum: number };

const NAME = "sort";

function check(config: Config, { checkpoint }: Context): void {
  if (checkpoint === undefined) return;
  const position = readPosition<Position>(NAME, checkpoint);
  checkCheckpoint(checkpoint, initState(config), position, config);
}

async function* run(config: Config, context: Context): AsyncGenerator<TrainingEvent, void, void> {
  const { checkpoint } = context;
  const { epochs, steps, batch } = config;
  const dialsAt = dials(config, steps * epochs, context.temperature);
  const update = trainingStep(config);
  let state = checkpoint ? (arraysOf(checkpoint.tensors) as State) : initState(config);
  let { epoch, step, lossSum } = checkpoint
    ? readPosition<Position>(NAME, checkpoint)
    : { epoch: 1, step: 0, lossSum: 0 };
  try {
    for (; epoch <= epochs; epoch++, step = 0, lossSum = 0) {
      const [firstStep, started] = [step, performance.now()];
      while (step < steps) {
        const dialled = dialsAt((epoch - 1) * steps + step);
        const { temperature } = dialled;
        const result = update(state, dialled);
        state = result.state;
        step++;
        const loss = finiteLoss((await result.loss.data())[0]!, epoch, step);
        lossSum += loss;
        const pace = () => ((step - firstStep) * batch * 1000) / (performance.now() - started);
        const training = () => ({ epoch, loss: lossSum / steps, temperature, listsPerSecond: pace() });
        yield {
          ...{ epoch, epochs, step, steps, loss, temperature, examples: batch },
          record: step === steps ? await epochRecord(config, state.model, training()) : undefined,
          checkpoint: () => saveState(state, { epoch, step, lossSum }),
        };
      }
    }
  } finally {
    tree.dispose(state);
    update.dispose();
  }
}

// Checkpoints --------------------------------------------------------------------------------------------------------

async function saveState(state: State, position: Position): Promise<Checkpoint> {
  return { tensors: await readTensors(state), metadata: positionMetadata(NAME, position) };
}

function restoreModel({ tensors }: Checkpoint): Model {
  return arraysOf(tensors, "model") as Model;
}

// What is measured ---------------------------------------------------------------------------------------------------

/** Fresh lists that are sorted after an epoch, and after the last. */
const MEASURED = 1000;
const MEASURED_LAST = 10_000;
const SORTED_AT_ONCE = 200;

/** The first stream for measuring: training draws from stream 0. */
const MEASURING = 2 ** 31;

const columns = [
  { key: "loss", label: "loss", digits: 6, description: "mean over the epoch of the loss that was minimized" },
  { key: "wrongElements", label: "wrong", digits: 3, description: "% of numbers in a wrong place, on fresh lists" },
  { key: "wrongLists", label: "lists", digits: 2, description: "% of fresh lists with any error" },
  { key: "temperature", label: "temp", digits: 3, description: "temperature of the last step" },
  { key: "listsPerSecond", label: "lists/s", digits: 0, description: "training speed, measuring apart" },
] as const;

const objectives = {
  discrete: { key: "wrongElements", goal: "smallest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

async function epochRecord(
  config: Config,
  model: Model,
  training: { epoch: number; loss: number; temperature: number; listsPerSecond: number },
): Promise<EpochRecord> {
  const { epoch, loss, temperature, listsPerSecond } = training;
  const count = epoch === config.epochs ? MEASURED_LAST : MEASURED;
  return { epoch, loss, ...(await measure(config, model, count, config.seed)), temperature, listsPerSecond };
}

/** Sorts fresh lists by the best assignment. Keeps the model. */
async function measure(
  { n }: Config,
  model: Model,
  count: number,
  seed: number,
  onProgress?: (done: number, total: number) => void | Promise<void>,
): Promise<{ wrongElements: number; wrongLists: number }> {
  let [wrongElements, wrongLists] = [0, 0];
  for (let first = 0; first < count; first += SORTED_AT_ONCE) {
    const size = Math.min(SORTED_AT_ONCE, count - first);
    const lists = random.uniform(streamKey(seed, MEASURING + first), [size, n]);
    const matching = await permutation.mode(scoreKernel(tree.ref(model), lists.ref));
    const found = permutation.applyInverse(matching, lists.ref);
    const wrong = (await found.notEqual(np.sort(lists, -1)).astype(np.float32).sum(-1).data()) as Float32Array;
    for (const errors of wrong) {
      wrongElements += errors;
      wrongLists += errors > 0 ? 1 : 0;
    }
    await onProgress?.(first + size, count);
  }
  return { wrongElements: (100 * wrongElements) / (count * n), wrongLists: (100 * wrongLists) / count };
}

const scoreKernel = jit(scoreNumbers);

// Results and curves -------------------------------------------------------------------------------------------------

function measureResults({ wrongElements, wrongLists }: { wrongElements: number; wrongLists: number }, count: number) {
  const note = `of ${count.toLocaleString("en-US")} fresh lists, sorted by the best assignment`;
  return [
    { name: "wrong elements", value: wrongElements, digits: 3, unit: "%", note: "numbers in a wrong place" },
    { name: "wrong lists", value: wrongLists, digits: 2, unit: "%", note },
  ];
}

function results(records: readonly EpochRecord[]): Result[] {
  const last = records.at(-1) as (EpochRecord & Record<"wrongElements" | "wrongLists", number>) | undefined;
  return last ? measureResults(last, MEASURED_LAST) : [];
}

function charts(records: readonly EpochRecord[]) {
  const x = { label: "epoch" };
  const series = curvesOf(records);
  return [
    {
      title: "Errors",
      caption: "On fresh lists, by the best assignment. An error of 0 has no place on this axis.",
      ...{ x, y: { label: "%", log: true } },
      series: [series("numbers in a wrong place", "wrongElements"), series("lists with any error", "wrongLists")],
    },
    {
      title: "Loss",
      caption: "Mean squared error of the lists that the relaxed permutations sort.",
      ...{ x, y: { label: "squared error", log: true } },
      series: [series("loss", "loss")],
    },
  ];
}

// Pictures -----------------------------------------------------------------------------------------------------------

const TEMPERATURES = [10, 3, 1, 0.3, 0.1];

/** The plan of one list, its numbers in order so that the right permutation is the diagonal. */
async function pictures({ config, checkpoint }: Trained<Config>): Promise<NamedPicture[]> {
  const { n, iterations, seed } = config;
  const model = restoreModel(checkpoint);
  const list = np.sort(random.uniform(streamKey(seed, MEASURING), [n]));
  const scores = scoreNumbers(model, list);
  const plans: number[] = [];
  for (const temperature of TEMPERATURES) {
    plans.push(...(await permutation.softMode(scores.ref, { temperature, iterations }).data()));
  }
  scores.dispose();
  return [
    {
      name: "plan",
      title: "The plan as the temperature falls",
      caption:
        `Rows are the ${n} numbers of a list from the smallest to the largest, columns its places, at temperatures ` +
        `${TEMPERATURES.join(", ")}. A perfect sorter is the diagonal.`,
      alt: "Matrices whose diagonal stands out more and more.",
      picture: tileImages(Float32Array.from(plans), {
        ...{ height: n, width: n, columns: TEMPERATURES.length },
        ...{ scale: Math.max(1, Math.round(160 / n)), gap: 8 },
      }),
    },
  ];
}

// Evaluation ---------------------------------------------------------------------------------------------------------

async function evaluate(
  { config, checkpoint }: Trained<Config>,
  _data: unknown,
  { examples = MEASURED_LAST, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const model = restoreModel(checkpoint);
  const measures = await measure(config, model, examples, seed, onProgress);
  tree.dispose(model);
  return measureResults(measures, examples);
}

export const sorting: Experiment<Config> = {
  name: NAME,
  title: "Sorting",
  summary: "A network that learns to sort numbers, trained through relaxed permutations.",
  references: [
    {
      text: "Mena, Belanger, Linderman, Snoek: Learning Latent Permutations with Gumbel-Sinkhorn Networks, 2018",
      url: "https://arxiv.org/abs/1802.08665",
    },
  ],
  ...{ schema, presets, columns, objectives, check, run, results, charts, pictures, evaluate },
};
