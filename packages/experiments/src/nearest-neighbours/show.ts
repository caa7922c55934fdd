/** What is shown of a nearest-neighbour classifier: its curves, and queries beside their neighbours. */

import { withModel } from "../checkpoint/model.ts";
import { stretch } from "../data/folds.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../experiment.ts";
import { markedTiles } from "../report/marked-tiles.ts";
import { classify, type columns, type Sets, type vote } from "./judge.ts";
import { type Config, type Model, splitOff } from "./method.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  return [
    {
      title: "Neighbours of the query's own class",
      caption: "Of k neighbours drawn among the candidates of a step: relaxed ones, and exact ones of the same noise.",
      y: { label: "%" },
      series: [series("relaxed", "relaxed"), series("discrete", "discrete")],
    },
    {
      title: "Accuracy",
      caption: "Held-out images, classified by the majority of their exact nearest neighbours.",
      y: { label: "%" },
      series: [series("validation", "validation")],
    },
  ];
}

/** Rows of the picture: so many test images that are classified wrongly if there are, and the first ones. */
const MISTAKES = 6;
const ROWS = 12;

/** Training images that the picture's neighbours come from. */
const PICTURED = 5000;

export async function pictures({ config, checkpoint }: Trained<Config>, { train, test }: DatasetSplits) {
  const { training } = splitOff(train);
  const sets = {
    queries: stretch(test, 0, Math.min(1000, test.count)),
    points: stretch(training, 0, Math.min(PICTURED, training.count)),
  };
  const found = await withModel(checkpoint, (model: Model) => classify(model, sets, config.k));
  return [neighboursPicture(sets, found, config.k)];
}

type Found = Awaited<ReturnType<typeof vote>>;

function neighboursPicture({ queries, points }: Sets, { neighbours, predicted }: Found, k: number): NamedPicture {
  const all = Array.from(predicted, (_, query) => query);
  const wrong = all.filter((query) => predicted[query] !== queries.labels[query]).slice(0, MISTAKES);
  const shown = [...wrong, ...all.filter((query) => !wrong.includes(query))].slice(0, ROWS);
  const tile = (dataset: Dataset, row: number, mark: "query" | "wrong" | "none") => ({
    image: stretch(dataset, row, row + 1).images,
    label: dataset.labels[row]!,
    mark,
  });
  const tiles = shown.flatMap((query) => [
    tile(queries, query, "query"),
    ...Array.from(neighbours.subarray(query * k, (query + 1) * k), (point) =>
      tile(points, point, points.labels[point] === queries.labels[query] ? "none" : "wrong"),
    ),
  ]);
  return {
    name: "neighbours",
    title: "Queries and their nearest neighbours",
    caption:
      `Each row is a test image (blue frame) and its ${k} nearest neighbours among ${points.count} training images, nearest ` +
      `first, with their labels. Neighbours of another class have a crossed, red frame. Of the first ${queries.count} test ` +
      `images, the first ${wrong.length} rows are ones whose majority is wrong.`,
    alt: "Rows of images: a test image, then the training images nearest to it.",
    picture: markedTiles(tiles, { height: queries.height, width: queries.width, columns: k + 1 }),
  };
}
