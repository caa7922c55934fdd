/** The VAE in a bare jitted loop, straight on the engine. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveTraining } from "./serve.ts";
import { BATCH, digitBatches, PIXELS } from "./task.ts";

const { threads } = readOptions<{ threads: number }>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { jit, numpy: np, tree, valueAndGrad } = await import("@jax-js/jax");
const { adam, initAdam, initParameters, loss } = await import("./bare-model.ts");
const { streamKey } = await import("@softdraw/experiments/nn/keys");

type Parameters = ReturnType<typeof initParameters>;
type State = { parameters: Parameters; adam: ReturnType<typeof initAdam> };

const update = jit(function update(
  { parameters, adam: state }: State,
  images: ReturnType<typeof np.array>,
  key: ReturnType<typeof np.array>,
) {
  const [value, gradients] = valueAndGrad(loss)(tree.ref(parameters), images, key);
  return { state: adam(parameters, gradients, state), loss: value };
});

const nextBatch = await digitBatches(BATCH);
const parameters = initParameters();
let state: State = { parameters, adam: initAdam(parameters) };
let steps = 0;

await serveTraining(async () => {
  const images = np.array(nextBatch(), { shape: [BATCH, PIXELS] });
  const result = update(state, images, streamKey(steps++, 0));
  state = result.state;
  return (await result.loss.data())[0]!;
});
