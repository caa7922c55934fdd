/** The categorical VAE: method.ts is what the papers say, judge.ts what is measured, show.ts what is shown. */

import { defineExperiment, trainedByLoop } from "../experiment.ts";
import { columns, epochMeasures, evaluate, evaluationOptions, headlines, objectives } from "./judge.ts";
import { type Config, NAME, presets, schema, scopes, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

export const categoricalVae = defineExperiment({
  name: NAME,
  title: "Categorical VAE",
  summary: "An autoencoder of images whose code is a row of exact choices, trained through their relaxation.",
  references: [
    {
      text: "Jang, Gu, Poole: Categorical Reparameterization with Gumbel-Softmax, 2017",
      url: "https://arxiv.org/abs/1611.01144",
    },
    {
      text: "Maddison, Mnih, Teh: The Concrete Distribution, 2017",
      url: "https://arxiv.org/abs/1611.00712",
    },
  ],
  schema,
  presets,
  scopes,
  columns,
  headlines,
  objectives,
  ...trainedByLoop(columns, (config: Config, context) => ({
    ...trainingOf(config, context),
    measure: epochMeasures(config, context.data),
  })),
  charts,
  pictures,
  evaluationOptions,
  evaluate,
});
