/**
 * Explained features, an experiment for each benchmark: method.ts is what is trained, judge.ts what is measured, show.ts
 * what is shown.
 */

import { defineExperiment, trainedByLoop } from "../../experiment.ts";
import { temperatureScopes } from "../../training/options.ts";
import { objectives } from "../judge.ts";
import type { State } from "../model.ts";
import { NAME, REFERENCES } from "../options.ts";
import { columnsOf, evaluate, headlines, measureEpoch } from "./judge.ts";
import { benchmarks, type Config, type Model, type Name, schemaOf, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

function experimentOf(task: Name) {
  const { title, k } = benchmarks[task];
  const columns = columnsOf(task);
  return defineExperiment({
    name: NAME,
    title: `Explained features: ${title}`,
    summary: `A network that chooses the ${k} of ten features by which another tells the class.`,
    references: REFERENCES,
    schema: schemaOf(task),
    presets: {},
    scopes: temperatureScopes,
    columns,
    headlines,
    objectives,
    ...trainedByLoop(columns, (config: Config, context) => ({
      ...trainingOf(config, context),
      measure: (state: State<Model>, end) => measureEpoch(config, state, end),
    })),
    charts,
    pictures,
    evaluate,
  });
}

export const xor = experimentOf("xor");
export const orangeSkin = experimentOf("orange-skin");
export const additive = experimentOf("additive");
export const switching = experimentOf("switch");
