/** What is shown of explained digits: accuracies over the epochs, and digits with their chosen patches. */

import { withArrays } from "../../checkpoint/model.ts";
import type { DatasetSplits } from "../../data/types.ts";
import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../../experiment.ts";
import { highlightedTiles } from "../../report/highlighted-tiles.ts";
import { chooseOfAll, type columns, networksOf, pixelMarks } from "./judge.ts";
import { type Config, imagesOf, PATCHES, SIDE, threesAndEights } from "./method.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  return [
    {
      title: "Accuracy",
      caption: "On the test digits: what the classifier knows, and what it says again by the chosen patches alone.",
      y: { label: "%" },
      series: [series("classifier", "classifier"), series("post-hoc", "postHoc")],
    },
    {
      title: "Loss",
      caption: "First that of the classifier, then that of the classifier by a relaxed draw of the patches.",
      y: { label: "nats", log: true },
      series: [series("loss", "loss")],
    },
  ];
}

const PICTURED = 24;
const COLUMNS = 8;

/** None before there is an explainer. */
export async function pictures({ config, checkpoint }: Trained<Config>, data: DatasetSplits): Promise<NamedPicture[]> {
  const networks = networksOf(checkpoint);
  if (networks === undefined) return [];
  const test = threesAndEights(data.test);
  const count = Math.min(PICTURED, test.count);
  const { chosen, alone, whole } = await withArrays(networks, () =>
    chooseOfAll(networks, imagesOf(test, count), config.k),
  );
  const same = whole.filter((label, i) => label === alone[i]).length;
  return [
    {
      name: "patches",
      title: "Digits and the patches that were chosen",
      caption:
        `The first ${count} test digits, each with the ${config.k} of ${PATCHES} patches that were chosen in blue. Of ${same} of ` +
        "them the classifier says the same by these patches alone.",
      alt: "Digits with a few squares of each in blue.",
      picture: highlightedTiles(
        Array.from({ length: count }, (_, i) => ({
          image: test.images.subarray(i * SIDE ** 2, (i + 1) * SIDE ** 2),
          marks: pixelMarks(chosen.subarray(i * PATCHES, (i + 1) * PATCHES)),
        })),
        { height: SIDE, width: SIDE, columns: COLUMNS },
      ),
    },
  ];
}
