/** What is shown of a jigsaw solver: its curves, pictures put together, and a plan from warm to cold. */

import { tree } from "@jax-js/jax";
import { permutation } from "softdraw";
import { shuffledOrders } from "../data/batches.ts";
import { arrangePieces, type Cut, cutOf, gatherPieces, inverseOrders, joinPieces } from "../data/pieces.ts";
import type { DatasetSplits } from "../data/types.ts";
import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../experiment.ts";
import { streamKey } from "../nn/keys.ts";
import { tileImages } from "../report/pixels.ts";
import { planTiles } from "../report/plan-tiles.ts";
import { streams } from "../training/streams.ts";
import { type columns, judgeKernel, placesOf, restoreSolver, type Solver } from "./judge.ts";
import { type Config, patchesOf, scaled } from "./method.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  return [
    {
      title: "Pieces in their place",
      caption: "On the test set, by the best assignment. Alike: identical pieces count as interchangeable.",
      y: { label: "%" },
      series: [
        series("pieces", "pieces"),
        series("pieces, alike", "piecesAlike"),
        series("solved", "solved"),
        series("solved, alike", "solvedAlike"),
      ],
    },
    {
      title: "Loss",
      caption: "Squared error of the picture that the relaxed permutation puts together.",
      y: { label: "squared error a picture" },
      series: [series("loss", "loss")],
    },
  ];
}

const PICTURED = 10;
const TEMPERATURES = [2, 1, 0.5, 0.2, 0.1, 0.05, 0.02];

export async function pictures(
  { config, checkpoint }: Trained<Config>,
  { test }: DatasetSplits,
): Promise<NamedPicture[]> {
  const solver = restoreSolver(checkpoint);
  const cut = cutOf(test, config.pieces);
  const rows = Uint32Array.from({ length: Math.min(PICTURED, test.count) }, (_, i) => i);
  const original = gatherPieces(test, rows, cut);
  const orders = await shuffledOrders(streamKey(config.seed, streams.measuring), rows.length, cut.across ** 2);
  const shuffled = arrangePieces(original, orders, cut);
  const named = [
    await reassembledPicture(solver, cut, original, shuffled),
    await planPicture(config, solver, cut, shuffled.subarray(0, shuffled.length / rows.length)),
  ];
  tree.dispose(solver);
  return named;
}

async function reassembledPicture(solver: Solver, cut: Cut, original: Float32Array, shuffled: Float32Array) {
  const places = await placesOf(solver, shuffled, cut);
  const length = cut.across * cut.side;
  const rows = [shuffled, arrangePieces(shuffled, inverseOrders(places, cut), cut), original];
  const images = Float32Array.from(rows.flatMap((pieces) => [...joinPieces(pieces, cut)]));
  const { channels = 1 } = cut;
  const columns = original.length / (length ** 2 * channels);
  return {
    name: "reassembled",
    title: "Shuffled, put together, original",
    caption:
      `Test pictures cut into ${cut.across} x ${cut.across} pieces of ${cut.side} x ${cut.side} pixels: as the network gets them, ` +
      "as it puts them together, and as they were.",
    alt: "Three rows of pictures: shuffled, put together, original.",
    picture: tileImages(images, { height: length, width: length, columns, channels }),
  };
}

/** The Sinkhorn plan of one picture from warm to cold. */
async function planPicture({ iterations }: Config, solver: Solver, cut: Cut, shuffled: Float32Array) {
  const scores = judgeKernel(tree.ref(solver.model), tree.ref(solver.statistics), patchesOf(shuffled.map(scaled), cut));
  const size = cut.across ** 2;
  return {
    name: "plan",
    title: "The plan as the temperature falls",
    caption:
      `Rows are the pieces of one shuffled picture, columns its places, at temperatures ${TEMPERATURES.join(", ")}: ` +
      "from every piece a little everywhere to a permutation.",
    alt: "Matrices from even grey to one white square in every row.",
    picture: await planTiles(scores, {
      planAt: (scores, temperature) => permutation.softMode(scores, { temperature, iterations }),
      temperatures: TEMPERATURES,
      scale: Math.max(3, Math.round(96 / size)),
    }),
  };
}
