/** What is shown of explained sequences: accuracy and precision over the epochs, and tokens with the chosen ones marked. */

import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../../experiment.ts";
import { glyphTile, type MarkedTile, markedTiles } from "../../report/marked-tiles.ts";
import { type columns, type FreshSequences, freshSequences } from "./judge.ts";
import { type Config, TOKENS } from "./method.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  return [
    {
      title: "Explanations",
      caption: "On fresh sequences: classified right by the chosen tokens alone, and chosen tokens equal to the label.",
      y: { label: "%" },
      series: [series("accuracy", "accuracy"), series("precision", "precision")],
    },
    {
      title: "Loss",
      caption: "Cross-entropy of the classifier that sees a relaxed draw of the tokens.",
      y: { label: "nats", log: true },
      series: [series("loss", "loss")],
    },
  ];
}

const PICTURED = 10;

export async function pictures(trained: Trained<Config>): Promise<NamedPicture[]> {
  const { k, seed } = trained.config;
  const pictured = await freshSequences(trained, { count: PICTURED, seed });
  return [
    {
      name: "tokens",
      title: "Sequences and the tokens that were chosen",
      caption:
        `Each row is a fresh sequence; its first tile is the label. The ${k} chosen tokens are framed in blue where they ` +
        "are equal to the label, and in crossed red where they are not.",
      alt: "Rows of numbers, some of them framed.",
      picture: tokenTiles(pictured),
      text: tokenLines(pictured),
    },
  ];
}

function tokenTiles({ tokens, label, chosen }: FreshSequences) {
  const tiles = Array.from(label, (word, row): MarkedTile[] => [
    { ...glyphTile(word), mark: "none" },
    ...Array.from(tokens.subarray(row * TOKENS, (row + 1) * TOKENS), (token, at): MarkedTile => {
      const mark = chosen[row * TOKENS + at] === 0 ? "none" : token === word ? "query" : "wrong";
      return { ...glyphTile(token), mark };
    }),
  ]);
  const { height, width } = glyphTile(0);
  return markedTiles(tiles.flat(), { height, width, columns: 1 + TOKENS });
}

/** Such as `3: [3] 7 [3] 1  3  3 [3] 9  5 `. */
function tokenLines({ tokens, label, chosen }: FreshSequences): string[] {
  return Array.from(label, (word, row) => {
    const cells = Array.from({ length: TOKENS }, (_, at) => {
      const token = tokens[row * TOKENS + at]!;
      return chosen[row * TOKENS + at] === 1 ? `[${token}]` : ` ${token} `;
    });
    return `${word}: ${cells.join("")}`;
  });
}
