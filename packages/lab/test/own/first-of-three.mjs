// @ts-nocheck: such a module is read as it is, and not compiled.
/** An experiment of one's own as somebody might write it: it learns to choose the first of three things. */

import { jit, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import * as define from "@softdraw/experiments/define";
import { categorical } from "softdraw";

const schema = define.z.strictObject({
  ...define.seedOption,
  epochs: define.z.int().min(1).default(2).describe("reports while training"),
  endAfter: define.z.int().min(0).default(0).describe("the epoch after which the process is told to end, none if 0"),
  rate: define.z.number().positive().max(100).default(10).describe("of the descent"),
});

const columns = [
  { key: "cost", label: "cost", description: "the loss", digits: 3 },
  { key: "first", label: "first", description: "draws of the first", digits: 1, unit: "%" },
];

async function shareOfFirst({ logits }, seed) {
  const draws = categorical.sample(define.streamKey(seed, 7), np.broadcastTo(logits, [500, 3]));
  return 100 * (await draws.slice([], 0).mean().data())[0];
}

const step = ({ rate }) =>
  jit((state, _, { temperature }) => {
    const [key, drawKey] = define.splitKey(state.key, 2);
    const cost = ({ logits }) =>
      categorical
        .relax(drawKey, np.broadcastTo(logits, [20, 3]), { temperature })
        .mul(np.arange(3))
        .sum(-1)
        .mean();
    const [measured, slopes] = valueAndGrad(cost)(tree.ref(state.model));
    return { state: { model: { logits: state.model.logits.sub(slopes.logits.mul(rate)) }, key }, measured };
  });

export default define.defineExperiment({
  name: "first-of-three",
  title: "The first of three",
  summary: "Learns to choose the first.",
  references: [],
  schema,
  presets: {},
  columns,
  headlines: ["first"],
  objectives: { discrete: { key: "first", goal: "largest" }, relaxed: { key: "cost", goal: "smallest" } },
  ...define.trainedByLoop(columns, (config) => ({
    name: "first-of-three",
    epochs: config.epochs,
    steps: 5,
    examples: 20,
    begin: () => ({ model: { logits: np.zeros([3]) }, key: random.key(config.seed) }),
    settingsAt: () => ({ temperature: 1 }),
    batchesOf: define.noBatches,
    update: step(config),
    measure: async ({ model }, { epoch, loss }) => {
      if (epoch === config.endAfter) process.emit("SIGHUP");
      return { epoch, cost: loss, first: await shareOfFirst({ logits: model.logits.ref }, config.seed) };
    },
  })),
  charts: (series) => [{ title: "Cost", caption: "The loss.", y: { label: "cost" }, series: [series("cost", "cost")] }],
  pictures: async () => [],
  async evaluate({ checkpoint }, _data, { seed }) {
    return define.resultsOf(columns, ["first"], {
      first: await shareOfFirst(define.arraysOf(checkpoint.tensors, "model"), seed),
    });
  },
});
