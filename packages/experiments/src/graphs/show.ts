/**
 * What is shown of relational inference: its curves, graphs beside the paths they are told from, and paths that are
 * predicted.
 */

import { withArrays } from "../checkpoint/model.ts";
import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../experiment.ts";
import { type Canvas, type Color, canvasOf } from "../report/canvas.ts";
import { inferenceOf } from "./inferred.ts";
import { type columns, isExchanged, judgeBlock, restoreJudged, toldOf, unseenFrames } from "./judge.ts";
import type { Config } from "./method.ts";
import { edgesOf, type Scale, scaleOf, simulationsOf } from "./motion.ts";
import { FEATURES, SEEN_FRAMES, type Simulations, type System } from "./systems.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  return [
    {
      title: "Pairs told right",
      caption:
        "On validation simulations, by the most probable graph. Of pairs of particles half are edges, of those of a tree fewer.",
      y: { label: "%" },
      series: [series("pairs", "edges")],
    },
    {
      title: "Error of the prediction",
      caption: "Mean squared, one frame ahead, on validation simulations, with positions and velocities from -1 to 1.",
      y: { label: "squared error", log: true },
      series: [series("error", "error")],
    },
    {
      title: "Loss",
      caption: "Minus the evidence lower bound, up to a constant.",
      y: { label: "nats a particle", log: true },
      series: [series("training", "loss")],
    },
    {
      title: "Divergence",
      caption: "How far the encoder is from calling every graph as probable as any other.",
      y: { label: "nats a particle" },
      series: [series("divergence", "divergence")],
    },
  ];
}

// Pictures ------------------------------------------------------------------------------------------------------------

const PICTURED = 6;
const TILE = 150;
const GAP = 6;
const GROUND: Color = [0, 0, 0];
const TILE_GROUND: Color = [0x20, 0x20, 0x20];
const TRUE_PATH: Color = [0xa0, 0xa0, 0xa0];

/** Of particles: colours of Okabe and Ito, which the colour-blind can tell apart, then greys. */
const COLORS: readonly Color[] = [
  [0x56, 0xb4, 0xe9],
  [0xe6, 0x9f, 0x00],
  [0x00, 0x9e, 0x73],
  [0xcc, 0x79, 0xa7],
  [0xf0, 0xe4, 0x42],
  [0x00, 0x72, 0xb2],
  [0xd5, 0x5e, 0x00],
  [0xff, 0xff, 0xff],
  [0xc0, 0xc0, 0xc0],
  [0x80, 0x80, 0x80],
];

/** Of edges: told rightly, told wrongly, and missed. */
const RIGHT: Color = [0x56, 0xb4, 0xe9];
const WRONG: Color = [0xd5, 0x5e, 0x00];
const MISSED: Color = [0x70, 0x70, 0x70];

/** Test simulations, with the graph that is told of each and the frames that are predicted. */
interface Shown {
  readonly simulations: Simulations;
  readonly scale: Scale;
  /** 1 for an edge, `[simulations, pairs]`. */
  readonly chosen: Float32Array;
  /** `[steps, simulations, 1, particles, features]`. */
  readonly predicted: Float32Array;
}

export async function pictures({ config, checkpoint }: Trained<Config>): Promise<NamedPicture[]> {
  const simulations = await simulationsOf(config, "test");
  const scale = await scaleOf(config);
  const rows = Uint32Array.from({ length: Math.min(PICTURED, simulations.count) }, (_, i) => i);
  const { edges, chosen, predicted } = await withArrays(restoreJudged(checkpoint), (judged) =>
    judgeBlock(config, judged, { simulations, rows, window: unseenFrames(config.system), scale }),
  );
  const named = isExchanged(config, toldOf(edges, chosen)) ? chosen.map((kind) => 1 - kind) : chosen;
  const shown = { simulations, scale, chosen: named, predicted };
  return [graphPicture(config, shown, rows), predictionPicture(shown, rows)];
}

function graphPicture({ system, graph }: Config, { simulations, chosen }: Shown, rows: Uint32Array): NamedPicture {
  const canvas = tiles(rows.length, 3);
  const pairs = simulations.particles * (simulations.particles - 1);
  rows.forEach((row, column) => {
    const truth = edgesOf(simulations, row);
    const paths = pathsOf(simulations, row, 0, SEEN_FRAMES[system]);
    drawPaths(canvas, [column, 0], viewOf(paths), paths);
    const places = system === "layout" ? paths.map((path) => path.at(-1)!) : onCircle(simulations.particles);
    drawGraph(canvas, [column, 1], places, truth, truth);
    drawGraph(canvas, [column, 2], places, truth, [...chosen.subarray(column * pairs, (column + 1) * pairs)]);
  });
  const told = inferenceOf(graph) ? "what the model tells from the paths" : "what the decoder is given";
  return {
    name: "graphs",
    title: "Paths, true graphs and told graphs",
    caption:
      `Top: the paths of ${simulations.particles} particles in test simulations, with a dot where each begins, each ` +
      `tile as near as they need. Middle: ${EDGES[system]}. Bottom: ${told}, blue where it is ` +
      "right, vermilion where it is wrong, grey for what is missed. Each half of a line is what is told of the " +
      "messages to the particle at its end.",
    alt: "Three rows of tiles: paths of particles, the graphs of what joins them, and the graphs that the model tells.",
    picture: canvas.picture,
  };
}

/** What the edges of the true graph are. */
const EDGES: Readonly<Record<System, string>> = {
  springs: "springs",
  charges: "particles that repel each other",
  layout: "the tree that is laid out",
};

function predictionPicture({ simulations, scale, predicted }: Shown, rows: Uint32Array): NamedPicture {
  const canvas = tiles(rows.length, 1);
  const unseen = unseenFrames(simulations.system);
  rows.forEach((row, column) => {
    const truth = pathsOf(simulations, row, unseen.first, unseen.last + 1);
    const view = viewOf(truth);
    drawPaths(canvas, [column, 0], view, truth, () => TRUE_PATH);
    const begin = truth.map(([place]) => place!);
    const shown = { system: simulations.system, steps: unseen.steps, predicted, scale, rows: rows.length, column };
    drawPaths(canvas, [column, 0], view, predictedPaths(begin, shown));
  });
  return {
    name: "prediction",
    title: "Predicted paths",
    caption:
      `The ${unseen.steps} frames after those that the graph is told from: in grey as they are, in colour as the ` +
      "model predicts all of them from the first.",
    alt: "A row of tiles with paths in grey, and paths in colour on them.",
    picture: canvas.picture,
  };
}

type Place = readonly [x: number, y: number];

/** The places of every particle, in the box. */
function pathsOf(simulations: Simulations, row: number, from: number, to: number): Place[][] {
  const { system, particles, frames, paths } = simulations;
  return Array.from({ length: particles }, (_, particle) =>
    Array.from({ length: to - from }, (_, frame): Place => {
      const at = ((row * particles + particle) * frames + from + frame) * FEATURES[system];
      return [paths[at]!, paths[at + 1]!];
    }),
  );
}

interface Predicted {
  readonly system: System;
  readonly steps: number;
  readonly predicted: Float32Array;
  readonly scale: Scale;
  readonly rows: number;
  readonly column: number;
}

/** From where the particles are. */
function predictedPaths(begin: readonly Place[], shown: Predicted): Place[][] {
  const { system, steps, predicted, scale, rows, column } = shown;
  const { least, most } = scale.position;
  const unscaled = (value: number) => ((value + 1) / 2) * (most - least) + least;
  return begin.map((place, particle) => [
    place,
    ...Array.from({ length: steps }, (_, step): Place => {
      const at = ((step * rows + column) * begin.length + particle) * FEATURES[system];
      return [unscaled(predicted[at]!), unscaled(predicted[at + 1]!)];
    }),
  ]);
}

// Drawing -------------------------------------------------------------------------------------------------------------

type Tile = readonly [column: number, row: number];

function tiles(columns: number, rows: number): Canvas {
  const extent = (count: number) => count * (TILE + GAP) + GAP;
  const canvas = canvasOf(extent(columns), extent(rows), GROUND);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) canvas.fill(topOf(column), topOf(row), TILE, TILE, TILE_GROUND);
  }
  return canvas;
}

function topOf(index: number): number {
  return GAP + index * (TILE + GAP);
}

/** What of the box a tile shows: a square. */
interface View {
  readonly middle: Place;
  readonly side: number;
}

/** As much of the box as the paths take. */
function viewOf(paths: readonly Place[][]): View {
  const rangeOf = (axis: 0 | 1) => {
    const values = paths.flat().map((place) => place[axis]);
    return [Math.min(...values), Math.max(...values)] as const;
  };
  const [[left, right], [bottom, top]] = [rangeOf(0), rangeOf(1)];
  return { middle: [(left + right) / 2, (bottom + top) / 2], side: Math.max(right - left, top - bottom) };
}

/** The share of a tile that a view takes. */
const VIEWED = 0.85;

/** Lines through places of the box. What would leave the tile is at its edge. */
function drawPaths(
  canvas: Canvas,
  [column, row]: Tile,
  { middle, side }: View,
  paths: readonly Place[][],
  colorOf = particleColor,
): void {
  const along = (distance: number) => TILE * (0.5 + Math.max(-0.5, Math.min(0.5, (VIEWED * distance) / side)));
  const pixel = ([x, y]: Place): Place => [topOf(column) + along(x - middle[0]), topOf(row) + along(middle[1] - y)];
  paths.forEach((path, particle) => {
    const places = path.map(pixel);
    for (let i = 1; i < places.length; i++) canvas.line(places[i - 1]!, places[i]!, 1.5, colorOf(particle));
    canvas.dot(...places[0]!, 3, colorOf(particle));
  });
}

function particleColor(particle: number): Color {
  return COLORS[particle % COLORS.length]!;
}

function onCircle(particles: number): Place[] {
  return Array.from({ length: particles }, (_, particle) => {
    const angle = (2 * Math.PI * particle) / particles;
    return [Math.sin(angle), Math.cos(angle)];
  });
}

/**
 * Of every ordered pair, the half of a line that is nearer to the receiver.
 *
 * @param places of the particles, from -1 to 1 each way
 */
function drawGraph(
  canvas: Canvas,
  [column, row]: Tile,
  places: readonly Place[],
  truth: readonly number[],
  told: readonly number[],
) {
  const particles = places.length;
  const radius = TILE / 2 - 16;
  const placeOf = (particle: number): Place => {
    const [x, y] = places[particle]!;
    return [topOf(column) + TILE / 2 + radius * x, topOf(row) + TILE / 2 - radius * y];
  };
  truth.forEach((edge, pair) => {
    if (edge === 0 && told[pair] === 0) return;
    const receiver = Math.floor(pair / (particles - 1));
    const other = pair % (particles - 1);
    const [from, to] = [placeOf(other < receiver ? other : other + 1), placeOf(receiver)];
    const middle: Place = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    if (told[pair] === 0) canvas.line(middle, to, 1, MISSED);
    else canvas.line(middle, to, 3, edge === 1 ? RIGHT : WRONG);
  });
  for (let particle = 0; particle < particles; particle++) canvas.dot(...placeOf(particle), 6, particleColor(particle));
}
