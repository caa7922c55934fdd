/** The jigsaw: method.ts is what the paper says, judge.ts what is measured, show.ts what is shown. */

import { defineExperiment, trainedByLoop } from "../experiment.ts";
import { temperatureScopes } from "../training/options.ts";
import { columns, evaluate, headlines, measureEpoch, objectives } from "./judge.ts";
import { type Config, NAME, presets, type State, schema, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

export const jigsaw = defineExperiment({
  name: NAME,
  title: "Jigsaw",
  summary: "A network that puts shuffled pictures together, trained through relaxed permutations.",
  references: [
    {
      text: "Mena, Belanger, Linderman, Snoek: Learning Latent Permutations with Gumbel-Sinkhorn Networks, 2018",
      url: "https://arxiv.org/abs/1802.08665",
    },
  ],
  schema,
  presets,
  scopes: temperatureScopes,
  columns,
  headlines,
  objectives,
  ...trainedByLoop(columns, (config: Config, context) => ({
    ...trainingOf(config, context),
    measure: (state: State, end) => measureEpoch(config, context.data.test, state, end),
  })),
  charts,
  pictures,
  evaluate,
});
