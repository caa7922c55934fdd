/** What is shown of a sorter of pictures: its curves, and lists with their relaxed and their exact order. */

import { withModel } from "../checkpoint/model.ts";
import { numbersOf, pictureNumbers } from "../data/numbers.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../experiment.ts";
import { streamKey } from "../nn/keys.ts";
import { relaxedOrder } from "../orders.ts";
import { type MarkedTile, markedTiles } from "../report/marked-tiles.ts";
import { temperatureReached } from "../training/settings.ts";
import { streams } from "../training/streams.ts";
import { drawnRows } from "./batches.ts";
import { type columns, placesFound, rightPlaces, scoresOf } from "./judge.ts";
import { type Config, type Model, NAME } from "./method.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  return [
    {
      title: "Lists and pictures in order",
      caption: "Fresh lists of test pictures, by the exact order of the scores; equal numbers are interchangeable.",
      y: { label: "%" },
      series: [series("whole lists", "exactAlike"), series("pictures in their place", "placesAlike")],
    },
    {
      title: "Loss",
      caption: "Cross-entropy of the relaxed order against the true one.",
      y: { label: "nats" },
      series: [series("loss", "loss")],
    },
  ];
}

/** Lists among which one with a mistake is looked for. */
const LOOKED_THROUGH = 50;

/** Pictures of a list that is shown at most: more would be too small to see. */
const MOST_SHOWN = 16;

export async function pictures(trained: Trained<Config>, { test }: DatasetSplits): Promise<NamedPicture[]> {
  const { config } = trained;
  const { n, digits, seed } = config;
  const rows = await drawnRows(streamKey(seed, streams.measuring), LOOKED_THROUGH * n * digits, test);
  const numbers = numbersOf(test, rows, digits);
  const shown = { config, temperature: temperatureReached(trained, { name: NAME, steps: config.steps }) };
  return withModel(trained.checkpoint, async (model: Model) => {
    const found = await placesFound(config, model, test, rows);
    const listAt = (list: number) => ({
      rows: rows.subarray(list * n * digits, (list + 1) * n * digits),
      numbers: numbers.subarray(list * n, (list + 1) * n),
      found: found.subarray(list * n, (list + 1) * n),
    });
    const lists = Array.from({ length: LOOKED_THROUGH }, (_, list) => listAt(list));
    const mistaken = lists.find(({ numbers, found }) => rightPlaces(numbers, found).any < n);
    const named = [await orderPicture(shown, model, test, lists[0]!, ORDER)];
    if (mistaken && mistaken !== lists[0]) named.push(await orderPicture(shown, model, test, mistaken, MISTAKE));
    return named;
  });
}

const ORDER = { name: "order", title: "A list and its order" };
const MISTAKE = { name: "mistake", title: "A list with a mistake" };

interface List {
  readonly rows: Uint32Array;
  readonly numbers: Uint32Array;
  readonly found: Int32Array;
}

/** Pictures down the left, the relaxed order beside them, a column a place, and below it what lies in each place. */
async function orderPicture(
  { config, temperature }: { config: Config; temperature: number },
  model: Model,
  test: Dataset,
  { rows, numbers, found }: List,
  { name, title }: { name: string; title: string },
): Promise<NamedPicture> {
  const { n, digits } = config;
  const shown = Math.min(n, MOST_SHOWN);
  const plan = await relaxedOrder(config, scoresOf(config, model, test, rows), temperature).data();
  const images = pictureNumbers(test, rows, digits, 0);
  const size = images.length / n;
  const places = Array.from({ length: shown }, (_, place) => place);
  const sorted = numbers.toSorted();
  const picture = (i: number, mark: MarkedTile["mark"]): MarkedTile => {
    const image = Uint8Array.from(images.subarray(i * size, (i + 1) * size), (value) => Math.round(255 * value));
    return { image, label: numbers[i]!, mark };
  };
  const plain = (value: number): MarkedTile => ({
    image: new Uint8Array(size).fill(Math.round(255 * value)),
    mark: "none",
  });
  const tiles = places.flatMap((i) => [picture(i, "query"), ...places.map((place) => plain(plan[i * n + place]!))]);
  const order = places.map((place) => {
    const lying = found.indexOf(place);
    return picture(lying, numbers[lying] === sorted[place] ? "none" : "wrong");
  });
  return {
    name,
    title,
    caption:
      `Down the left, in blue frames, ${shown < n ? `the first ${shown} of ` : ""}the ${n} test pictures of a list. The cell of row i and ` +
      `column j says how much of picture i the relaxed order has in place j, at temperature ${temperature.toPrecision(2)}, from ` +
      "black, nothing, to white, all. At the bottom the order that was found, the smallest first; in a crossed, red frame what " +
      "should not be there.",
    alt: "Pictures of numbers beside the squares of a matrix, and below it the same pictures in order.",
    picture: markedTiles([...tiles, plain(0), ...order], {
      height: test.height,
      width: digits * test.width,
      columns: shown + 1,
    }),
  };
}
