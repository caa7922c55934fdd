/** The smallest experiment that has everything: it learns which of n things is the cheapest, from the costs of draws. */

import { jit, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { lossColumn, paceColumn, resultsOf, temperatureColumn } from "@softdraw/experiments/columns";
import { defineExperiment, type Trained, trainedByLoop } from "@softdraw/experiments/experiment";
import { type AdamState, adam } from "@softdraw/experiments/nn/adam";
import { splitKey, streamKey } from "@softdraw/experiments/nn/keys";
import { arraysOf } from "@softdraw/experiments/nn/tensors";
import { tileImages } from "@softdraw/experiments/report/pixels";
import { noBatches } from "@softdraw/experiments/training/loop";
import { learningRateOptions, seedOption, temperatureOptions } from "@softdraw/experiments/training/options";
import { type StepSettings, scheduledSettings } from "@softdraw/experiments/training/settings";
import { streams } from "@softdraw/experiments/training/streams";
import { categorical } from "softdraw";
import { z } from "zod";

const schema = z.strictObject({
  ...seedOption,
  n: z.int().min(2).default(4).describe("things, the first of which is the cheapest"),
  epochs: z.int().min(1).default(2).describe("reports while training"),
  steps: z.int().min(1).default(20).describe("steps between two reports"),
  batch: z.int().min(1).default(10).describe("draws a step"),
  ...temperatureOptions({ temperature: 1, schedule: "linear", temperatureEnd: 0.5 }),
  ...learningRateOptions("Adam's step size", 0.1, "none"),
});

type Config = z.infer<typeof schema>;
type Model = { logits: np.Array };
const descent = adam();

type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState({ n, seed }: Config): State {
  const model = { logits: np.zeros([n]) };
  return { model, optimizer: descent.init(model), key: random.key(seed) };
}

function trainingStep({ n, batch }: Config) {
  return jit((state: State, _: Record<string, never>, { temperature, learningRate }: StepSettings) => {
    const [key, drawKey] = splitKey(state.key, 2);
    const cost = ({ logits }: Model) => {
      const choices = categorical.relax(drawKey, np.broadcastTo(logits, [batch, n]), { temperature });
      return choices.mul(np.arange(n)).sum(-1).mean();
    };
    const [measured, gradients] = valueAndGrad(cost)(tree.ref(state.model));
    const { parameters: model, state: optimizer } = descent.update(
      state.model,
      gradients,
      state.optimizer,
      learningRate,
    );
    return { state: { model, optimizer, key }, measured };
  });
}

const columns = [
  lossColumn("loss", 3),
  { key: "right", label: "right", digits: 1, unit: "%", description: "% of exact draws that take the cheapest" },
  temperatureColumn,
  paceColumn("drawsPerSecond", "draws/s"),
] as const;

const DRAWS = 1000;

/** Keeps the model. */
async function shareRight({ logits }: Model, seed: number): Promise<number> {
  const draws = np.broadcastTo(logits.ref, [DRAWS, logits.shape[0]!]);
  const first = categorical.sample(streamKey(seed, streams.measuring), draws).slice([], 0);
  return 100 * (await first.mean().data())[0]!;
}

const modelOf = ({ checkpoint }: Trained<Config>) => arraysOf<Model>(checkpoint.tensors, "model");

export const cheapest = defineExperiment({
  name: "cheapest",
  title: "The cheapest",
  summary: "Learns which of n things is the cheapest.",
  references: [],
  schema,
  presets: {},
  columns,
  headlines: ["right"],
  objectives: { discrete: { key: "right", goal: "largest" }, relaxed: { key: "loss", goal: "smallest" } },
  ...trainedByLoop(columns, (config: Config, { temperatureOverride }) => ({
    name: "cheapest",
    epochs: config.epochs,
    steps: config.steps,
    examples: config.batch,
    begin: () => initState(config),
    settingsAt: scheduledSettings(config, config.steps * config.epochs, temperatureOverride),
    batchesOf: noBatches,
    update: trainingStep(config),
    measure: async ({ model }: State, { epoch, loss, temperature, pace }) => {
      return {
        epoch,
        loss,
        right: await shareRight(model, config.seed),
        temperature,
        drawsPerSecond: pace,
      };
    },
  })),
  charts: (series) => [
    {
      title: "Right",
      caption: "Of exact draws.",
      y: { label: "%" },
      series: [series("right", "right")],
    },
  ],
  async pictures(trained) {
    const probabilities = (await categorical.softMode(modelOf(trained).logits).data()) as Float32Array;
    const picture = tileImages(probabilities, { height: 1, width: trained.config.n, columns: 1, scale: 20 });
    return [{ name: "law", title: "The law", caption: "What is drawn how often.", alt: "A row of squares.", picture }];
  },
  async evaluate(trained, _data, { seed }) {
    const model = modelOf(trained);
    const right = await shareRight(model, seed);
    tree.dispose(model);
    return resultsOf(columns, ["right"], { right });
  },
});
