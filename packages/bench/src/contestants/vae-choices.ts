/**
 * A step of the VAE's model and loss, with straight-through choices: by `expectation`, or by hand, from the verbs that it is made
 * of.
 */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveTraining } from "./serve.ts";
import { BATCH, digitBatches, PIXELS } from "./task.ts";

const { threads, byHand } = readOptions<{ threads: number; byHand: boolean }>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { jit, numpy: np, tree, valueAndGrad } = await import("@jax-js/jax");
const { categorical, expectation } = await import("softdraw");
const { categoricalVae } = await import("@softdraw/experiments/categorical-vae/index");
const { encode, initModel, reconstructionLoss } = await import("@softdraw/experiments/categorical-vae/method");
const { rAdam } = await import("@softdraw/experiments/nn/adam");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Array = ReturnType<typeof np.array>;
type Model = ReturnType<typeof initModel>;
type State = { model: Model; optimizer: ReturnType<typeof descent.init<Model>> };

const config = categoricalVae.schema.parse({ ...categoricalVae.presets.comparison!.values });
const options = { temperature: 1 };
const descent = rAdam();

function expected(key: Array, logits: Array, cost: (choices: Array) => Array): Array {
  if (byHand) return cost(categorical.relax(key, logits, { ...options, hard: true }));
  return expectation(categorical, key, logits, cost, { ...options, estimator: "straight-through" });
}

const update = jit(function update({ model, optimizer }: State, images: Array, key: Array, rate: Array) {
  const loss = ({ encoder, decoder }: Model) => {
    const logits = encode(encoder, images.ref, config);
    const divergence = categorical.kl(logits.ref).sum(-1);
    const cost = (choices: Array) => reconstructionLoss(decoder, choices, images, config);
    return expected(key, logits, cost).add(divergence).mean();
  };
  const [value, gradients] = valueAndGrad(loss)(tree.ref(model));
  const next = descent.update(model, gradients, optimizer, rate);
  return { state: { model: next.parameters, optimizer: next.state }, loss: value };
});

const nextBatch = await digitBatches(BATCH);
const model = initModel(streamKey(0, 0), config, PIXELS);
let state: State = { model, optimizer: descent.init(model) };
let steps = 0;

await serveTraining(async () => {
  const images = np.array(nextBatch(), { shape: [BATCH, PIXELS] });
  const result = update(state, images, streamKey(steps++, 1), np.array(config.learningRate));
  state = result.state;
  return (await result.loss.data())[0]!;
});
