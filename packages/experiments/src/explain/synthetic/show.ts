/** What is shown of explained features: ranks and accuracy over the epochs, and what is chosen of some examples. */

import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../../experiment.ts";
import { type Cell, cellPicture } from "../../report/cells.ts";
import { type Columns, type FreshExamples, freshExamples } from "./judge.ts";
import { benchmarks, type Config, FEATURES, type Name } from "./method.ts";

export function charts(series: SeriesOf<Columns>): EpochChart[] {
  return [
    {
      title: "Median rank",
      caption: "Of the features that decide, among the explainer's scores: a mean over fresh examples.",
      y: { label: "rank" },
      series: [series("median rank", "rank")],
    },
    {
      title: "Accuracy",
      caption: "On fresh examples, by the chosen features alone, and what is missing to the best that can be.",
      y: { label: "%" },
      series: [series("accuracy", "accuracy"), series("gap to Bayes", "gap")],
    },
    {
      title: "Loss",
      caption: "Cross-entropy of the classifier that sees a relaxed draw of the features.",
      y: { label: "nats" },
      series: [series("loss", "loss")],
    },
  ];
}

const PICTURED = 50;

export async function pictures(trained: Trained<Config>): Promise<NamedPicture[]> {
  const examples = await freshExamples(trained);
  return [
    {
      name: "features",
      title: "Features that were chosen",
      caption:
        `Each column is one of ${PICTURED} fresh examples, each row one of the ${FEATURES} features, the first on top. Blue: ` +
        "chosen, and it decides. Red: chosen, but it does not. Light grey: not chosen, though it decides.",
      alt: "A grid of features by examples, in colours.",
      picture: chosenCells(trained.config.task, examples),
      text: shareLines(examples),
    },
  ];
}

function chosenCells(task: Name, { x, chosen }: FreshExamples) {
  const rows = Array.from({ length: FEATURES }, (_, feature) =>
    Array.from({ length: PICTURED }, (_, example): Cell => {
      const decides = benchmarks[task].decisive(x.subarray(example * FEATURES)).includes(feature);
      if (chosen[example * FEATURES + feature] === 1) return decides ? "right" : "wrong";
      return decides ? "missed" : "none";
    }),
  );
  return cellPicture(rows);
}

/** How often each feature is chosen. */
function shareLines({ chosen, label }: FreshExamples): string[] {
  return Array.from({ length: FEATURES }, (_, feature) => {
    const count = chosen.filter((value, at) => value === 1 && at % FEATURES === feature).length;
    const percent = (100 * count) / label.length;
    return `feature ${String(feature + 1).padStart(2)}  chosen in ${percent.toFixed(1).padStart(5)} % of the examples`;
  });
}
