/** What is shown of a sorter: its errors over the epochs, and its plan from warm to cold. */

import { numpy as np, random } from "@jax-js/jax";
import { modelOf } from "../checkpoint/model.ts";
import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../experiment.ts";
import { streamKey } from "../nn/keys.ts";
import { relaxedOrder } from "../orders.ts";
import { planTiles } from "../report/plan-tiles.ts";
import { streams } from "../training/streams.ts";
import type { columns } from "./judge.ts";
import { type Config, type Model, scoreNumbers } from "./method.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  return [
    {
      title: "Errors",
      caption: "On fresh lists, by the exact order of the scores. An error of 0 has no place on this axis.",
      y: { label: "%", log: true },
      series: [series("numbers in a wrong place", "wrongElements"), series("lists with any error", "wrongLists")],
    },
    {
      title: "Loss",
      caption: "Mean squared error of the lists that the relaxed permutations sort.",
      y: { label: "squared error", log: true },
      series: [series("loss", "loss")],
    },
  ];
}

const TEMPERATURES = [10, 3, 1, 0.3, 0.1];

/** The plan of one list, its numbers in order so that the right permutation is the diagonal. */
export async function pictures({ config, checkpoint }: Trained<Config>): Promise<NamedPicture[]> {
  const { n, seed } = config;
  const model = modelOf<Model>(checkpoint);
  const list = np.sort(random.uniform(streamKey(seed, streams.measuring), [n]));
  const scores = scoreNumbers(model, list);
  return [
    {
      name: "plan",
      title: "The plan as the temperature falls",
      caption:
        `Rows are the ${n} numbers of a list from the smallest to the largest, columns its places, at temperatures ` +
        `${TEMPERATURES.join(", ")}. A perfect sorter is the diagonal.`,
      alt: "Matrices whose diagonal stands out more and more.",
      picture: await planTiles(scores, {
        planAt: (scores, temperature) => relaxedOrder(config, scores, temperature),
        temperatures: TEMPERATURES,
        scale: Math.max(1, Math.round(160 / n)),
      }),
    },
  ];
}
