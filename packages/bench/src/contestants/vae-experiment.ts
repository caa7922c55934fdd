/** The VAE as the lab trains it: steps drawn from the experiment's own generator. */

import { loadDigits } from "../../../lab/src/data/digits.ts";
import { installThreads } from "../../../lab/src/engine/threads.ts";
import { readOptions, serve } from "./serve.ts";

const { threads } = readOptions<{ threads: number }>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { categoricalVae } = await import("../../../lab/src/experiments/categorical-vae.ts");

/** More than any benchmark takes. */
const EPOCHS = 10_000;

const { run, schema, presets } = categoricalVae;
const config = schema.parse({ ...presets.tutorial!.values, epochs: EPOCHS });
const training = run(config, { data: await loadDigits() });

await serve(async (amount) => {
  let [ms, counted, loss] = [0, 0, Number.NaN];
  while (counted < amount) {
    const started = performance.now();
    const { value } = await training.next();
    // The last step of an epoch comes with the measures of the epoch, which are no part of a step.
    if (!value || value.record) continue;
    ms += performance.now() - started;
    loss = value.loss;
    counted++;
  }
  return { ms: ms / counted, loss };
});
