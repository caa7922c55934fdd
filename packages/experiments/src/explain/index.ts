/**
 * Learning to explain: which of its inputs does a model need? Several tasks, an experiment each, on one model of
 * explainer, subset and classifier: explain/model.ts.
 */

import type { Experiment } from "../experiment.ts";
import { experimentOfTasks } from "../tasks.ts";
import { digits } from "./digits.ts";
import { sequences } from "./sequences.ts";
import { additive, orangeSkin, switching, xor } from "./synthetic.ts";

// A task reads its own configuration only, so the list may forget which one that is.
const tasks = { sequences, xor, "orange-skin": orangeSkin, additive, switch: switching, digits } as unknown as Readonly<
  Record<string, Experiment>
>;

export const explain: Experiment = experimentOfTasks(
  {
    title: "Explanations",
    summary: "Learns which few inputs a model needs: of sequences, of ten features, of digits.",
  },
  tasks,
);
