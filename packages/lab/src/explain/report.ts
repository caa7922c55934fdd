/** What is written of explained answers: a record an example, pictures, and a report. */

import type { ExplainedAnswers, Faithfulness, Fidelity } from "@softdraw/experiments/explain/answers/index";
import { largestOf } from "@softdraw/experiments/explain/answers/judge";
import { barChart } from "@softdraw/experiments/report/bar-chart";
import { highlightedTiles } from "@softdraw/experiments/report/highlighted-tiles";
import type { Report, ReportPicture } from "@softdraw/experiments/report/html";
import { encodePicture } from "@softdraw/experiments/report/png";
import { formatNumber } from "../report/numbers.ts";
import type { Predictions } from "./predictions.ts";
import type { Subject } from "./subject.ts";

export interface Explained {
  readonly subject: Subject;
  readonly predictions: Predictions;
  readonly explained: ExplainedAnswers;
  /** Groups that were chosen of each example. */
  readonly k: number;
}

/** What is known of one example. */
export interface ExampleRecord {
  /** From 0, in the order of the data. */
  readonly row: number;
  /** Of its file. */
  readonly name?: string;
  /** Whether surrogates did not learn from it. */
  readonly heldOut: boolean;
  readonly answer: Told;
  /** What is told from what is chosen alone. */
  readonly told: Told;
  /** The most important first. */
  readonly chosen: readonly {
    readonly group: number;
    readonly name: string;
    readonly score: number;
    /** Of sequences of tokens: the one that is there. */
    readonly token?: number;
  }[];
}

interface Told {
  readonly class: string;
  readonly probability: number;
}

export function exampleRecords({ subject, predictions, explained }: Explained): ExampleRecord[] {
  const { chosen, scores, told } = explained;
  const heldOut = new Set(explained.heldOut);
  const { classes, classNames, values } = predictions;
  const { groups } = subject.examples;
  const toldOf = (probabilities: Float32Array, row: number): Told => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    const largest = largestOf(own);
    return { class: classNames[largest]!, probability: own[largest]! };
  };
  return Array.from({ length: subject.examples.count }, (_, row) => {
    const own = Array.from({ length: groups }, (_, group) => group).filter(
      (group) => chosen[row * groups + group] === 1,
    );
    return {
      row,
      ...(subject.names && { name: subject.names[row]! }),
      heldOut: heldOut.has(row),
      answer: toldOf(values, row),
      told: toldOf(told, row),
      chosen: own
        .map((group) => ({
          group,
          name: subject.groupNames[group]!,
          score: scores[row * groups + group]!,
          ...(subject.examples.kind === "tokens" && { token: subject.examples.values[row * groups + group]! }),
        }))
        .sort((a, b) => b.score - a.score),
    };
  });
}

/** The share of the examples of which each group is chosen. */
export function sharesOf({ subject, explained: { chosen } }: Explained): number[] {
  const { groups, count } = subject.examples;
  const shares = new Array<number>(groups).fill(0);
  chosen.forEach((isChosen, i) => {
    shares[i % groups]! += isChosen / count;
  });
  return shares;
}

/** How faithful each choice is, in rows: what it is, % of the answers that are told again, nats. */
export function faithfulnessRows(words: Subject["words"], k: number, faithfulness: Faithfulness): string[][] {
  const row = (name: string, { same, crossEntropy }: Fidelity) => [
    name,
    formatNumber(100 * same, 1),
    formatNumber(crossEntropy, 3),
  ];
  const { teller, whole, chosen, random, occlusion } = faithfulness;
  const several = k === 1 ? words.one : words.several;
  return [
    row(`the ${k} chosen ${several}`, chosen),
    row(`${k} by integrated occlusion`, occlusion),
    row(`${k} at random`, random),
    row(teller === "model" ? "all, by the surrogate" : "all", whole),
  ];
}

const PICTURED = 24;

/** Tiles of about so many pixels, whatever the size of the pictures. */
const TILE = 84;

/** The first pictures with their chosen patches; none of what are no pictures. */
export function picturesOf({ subject: { pictures, examples, words }, explained, k }: Explained): ReportPicture[] {
  if (pictures === undefined) return [];
  const { height, width, channels, bytes, patchOf } = pictures;
  const { heldOut } = explained;
  const count = Math.min(PICTURED, heldOut.length);
  const size = height * width * channels;
  const tiles = Array.from(heldOut.subarray(0, count), (row) => {
    const chosen = explained.chosen.subarray(row * examples.groups, (row + 1) * examples.groups);
    return {
      image: bytes.subarray(row * size, (row + 1) * size),
      marks: Array.from(patchOf, (patch) => chosen[patch]!),
    };
  });
  const scale = Math.max(1, Math.round(TILE / Math.max(height, width)));
  const picture = highlightedTiles(tiles, { height, width, channels, columns: 8, scale });
  return [
    {
      title: "Pictures and what was chosen of them",
      caption: `The first ${count} of the held-out pictures: ${channels === 1 ? "in blue" : "in full light"} the ${k} chosen ${k === 1 ? words.one : words.several}.`,
      alt: "Pictures of which a few squares stand out.",
      file: "chosen.png",
      png: encodePicture(picture),
    },
  ];
}

/** Groups that the chart of shares has at most: the most frequent ones. */
const CHARTED = 20;

function sharesChart(explained: Explained): Report["charts"] {
  const { subject } = explained;
  const shares = sharesOf(explained).map((share, group) => ({ name: subject.groupNames[group]!, share }));
  const most = shares.sort((a, b) => b.share - a.share).slice(0, CHARTED);
  const even = explained.k / subject.examples.groups;
  return [
    {
      title: `How often each ${subject.words.one} is chosen`,
      caption: `Of all examples, in %${shares.length > CHARTED ? `; the ${CHARTED} that are chosen most often` : ""}. The line is where all were chosen as often.`,
      svg: barChart({
        title: `Shares of ${subject.words.several}`,
        x: { label: subject.words.names },
        y: { label: "%" },
        groups: most.map(({ name }) => name),
        series: [{ name: "chosen", values: most.map(({ share }) => 100 * share) }],
        reference: { name: "evenly", values: most.map(() => 100 * even) },
      }),
    },
  ];
}

/** Examples in the table of the report. */
const LISTED = 20;

export function reportOf(
  explained: Explained,
  { command, details, config, pictures }: Pick<Report, "command" | "details" | "config" | "pictures">,
): Report {
  const { subject, k } = explained;
  const { teller, chosen, random, occlusion, whole } = explained.explained.faithfulness;
  const percent = (share: number) => `${formatNumber(100 * share, 1)} %`;
  const who = teller === "model" ? "the model" : "a second surrogate";
  const percents = (p: number) => formatNumber(100 * p, 1);
  return {
    title: `Explained answers: ${subject.name}`,
    summary: `Which ${k} of ${subject.examples.groups} ${subject.words.several} of an example does the model need to say what it says?`,
    command,
    details,
    config,
    results: [
      {
        name: "the same answer from what is chosen",
        value: percent(chosen.same),
        note: `as ${who} tells, of held-out examples`,
      },
      { name: `from ${k} by integrated occlusion`, value: percent(occlusion.same) },
      { name: `from ${k} at random`, value: percent(random.same) },
      {
        name: "the surrogate says what the model says",
        value: percent(whole.same),
        note: "of whole held-out examples",
      },
    ],
    charts: sharesChart(explained),
    pictures,
    epochs: {
      title: "Held-out examples",
      columns: [
        "example",
        "answer",
        "%",
        "from what is chosen",
        "%",
        `chosen ${subject.words.names}, the most important first`,
      ],
      rows: exampleRecords(explained)
        .filter(({ heldOut }) => heldOut)
        .slice(0, LISTED)
        .map(({ row, name, answer, told, chosen }) => [
          name ?? String(row),
          answer.class,
          percents(answer.probability),
          told.class,
          percents(told.probability),
          chosen.map(({ name, token }) => (token === undefined ? name : `${name}: ${token}`)).join("; "),
        ]),
    },
    references: [
      {
        text: "Jethani, Sudarshan, Aphinyanaphongs, Ranganath: Have We Learned to Explain? How Interpretability Methods Can Learn to Encode Predictions in their Interpretations, 2021",
        url: "https://arxiv.org/abs/2103.01890",
      },
      {
        text: "Chen, Song, Wainwright, Jordan: Learning to Explain: An Information-Theoretic Perspective on Model Interpretation, 2018",
        url: "https://arxiv.org/abs/1802.07814",
      },
    ],
  };
}
