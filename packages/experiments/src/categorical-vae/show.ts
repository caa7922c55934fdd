/** What is shown of a categorical VAE: its curves, samples from its prior, reconstructions, and what one choice does. */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { modelOf } from "../checkpoint/model.ts";
import { imageBlocks } from "../data/batches.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type { EpochChart, NamedPicture, SeriesOf, Trained } from "../experiment.ts";
import { concatenate } from "../mathematics/concatenate.ts";
import type { Dense } from "../nn/dense.ts";
import { streamKey } from "../nn/keys.ts";
import { tileImages } from "../report/pixels.ts";
import { streams } from "../training/streams.ts";
import { type columns, lastTemperature } from "./judge.ts";
import { type CodeConfig, drawn, latentOf } from "./latent.ts";
import { likelihoodOf } from "./likelihood.ts";
import { type Config, decode, encode, imagesOf, type Model } from "./method.ts";

export function charts(series: SeriesOf<typeof columns>): EpochChart[] {
  const relaxed = series("relaxed, training", "relaxed");
  const isRelaxed = relaxed.points.every(({ y }) => !Number.isNaN(y));
  const gap = isRelaxed ? " The gap between relaxed and discrete is what the relaxation hides." : "";
  return [
    {
      title: "Loss",
      caption: `Minus the evidence lower bound.${gap}`,
      y: { label: "nats an image" },
      series: [
        ...(isRelaxed ? [relaxed] : []),
        series("discrete, training", "discrete"),
        series("discrete, test", "test"),
      ],
    },
    {
      title: "Parts of the test loss",
      caption: "Reconstruction falls while the code carries more: its divergence from the prior rises.",
      y: { label: "nats an image" },
      series: [series("reconstruction", "reconstruction"), series("divergence", "divergence")],
    },
    {
      title: "Temperature",
      caption: "At the last step of each epoch.",
      y: { label: "temperature" },
      series: [series("temperature", "temperature")],
    },
  ];
}

const GRID = 8;
const RECONSTRUCTED = 12;
const TRAVERSED = 8;

export async function pictures(trained: Trained<Config>, data: DatasetSplits): Promise<NamedPicture[]> {
  return [
    await samplePicture(trained, data, { count: GRID * GRID, seed: trained.config.seed }),
    await reconstructions(trained, data),
    await traversal(trained, data),
  ];
}

/** New images: choices from the uniform prior, decoded. */
export async function samplePicture(
  trained: Trained<Config>,
  { test }: DatasetSplits,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<NamedPicture> {
  const { config } = trained;
  const model = modelOf<Model>(trained.checkpoint);
  const images = await pixelProbabilities(config, model.decoder, drawnFromPrior(config, count, seed));
  tree.dispose(model.encoder);
  return {
    name: "samples",
    title: "Samples from the prior",
    caption: `${count} codes drawn uniformly, each of ${config.variables} ${latentOf(config).words}, decoded to ${config.likelihood === "bernoulli" ? "the probability of ink" : "the means of the pixels"}.`,
    alt: "A grid of generated images.",
    picture: tileImages(images, { ...sizeOf(test), columns: Math.min(count, GRID) }),
  };
}

/** So many codes, `[count, variables, ...event]`. */
function drawnFromPrior(config: Config, count: number, seed: number): np.Array {
  const { structure, event } = latentOf(config);
  return drawn(structure, streamKey(seed, streams.measuring), np.zeros([count, config.variables, ...event]), []);
}

/** Test images, below them their reconstructions from a relaxed draw where there is one, and from the exact draw. */
async function reconstructions({ config, checkpoint }: Trained<Config>, data: DatasetSplits): Promise<NamedPicture> {
  const { structure } = latentOf(config);
  const test = await imagesOf(config, data, "test");
  const { encoder, decoder } = modelOf<Model>(checkpoint);
  const shown = Math.min(RECONSTRUCTED, test.count);
  const originals = firstImages(test, shown);
  const logits = encode(encoder, originals.ref, config);
  const temperature = lastTemperature({ config, checkpoint }, data.train);
  const key = () => streamKey(config.seed, streams.measuring);
  const soft = structure.relax?.(key(), logits.ref, { temperature });
  const exact = drawn(structure, key(), logits, []);
  const rows = [
    await originals.data(),
    ...(soft ? [await pixelProbabilities(config, tree.ref(decoder), soft)] : []),
    await pixelProbabilities(config, decoder, exact),
  ];
  const words = soft
    ? {
        caption: `Top: test images. Middle: decoded from a relaxed draw at temperature ${temperature.toPrecision(2)}. Bottom: from the exact draw of the same noise.`,
        alt: "Three rows of images: originals, relaxed reconstructions, exact reconstructions.",
      }
    : {
        caption: "Top: test images. Bottom: decoded from an exact draw.",
        alt: "Two rows of images: originals, exact reconstructions.",
      };
  return {
    name: "reconstructions",
    title: "Reconstructions",
    ...words,
    picture: tileImages(concatenate(rows), { ...sizeOf(test), columns: shown }),
  };
}

/** Codes from the prior, a row each, with one choice set to one of its values after the other. */
async function traversal({ config, checkpoint }: Trained<Config>, { test }: DatasetSplits): Promise<NamedPicture> {
  const { variables, seed } = config;
  const { shown } = latentOf(config);
  const { encoder, decoder } = modelOf<Model>(checkpoint);
  tree.dispose(encoder);
  const { images, variable } = traverseKernel(decoder, drawnFromPrior(config, TRAVERSED, seed), codeOf(config));
  const choice = (await variable.data())[0]! + 1;
  return {
    name: "traversal",
    title: "Traversal of one choice",
    caption:
      `Each row is a code from the prior, with choice ${choice} of ${variables} set to ${shown.words}. ` +
      "It is the choice that changes the images most; most choices alone change little, because the code is redundant.",
    alt: "Rows of images that change from column to column.",
    picture: tileImages((await images.data()) as Float32Array, { ...sizeOf(test), columns: shown.values.length }),
  };
}

/** The images for the values of the choice that changes them most, and which choice that is. */
const traverseKernel = jit(
  function traverse(decoder: Dense[], codes: np.Array, config: DecodedConfig) {
    const { event, shown } = latentOf(config);
    const [rows, variables] = codes.shape as [number, number];
    const [columns, width] = [shown.values.length, shown.values[0]!.length];
    const isTraversed = np.eye(variables).reshape([variables, 1, 1, variables, 1]).astype(np.bool);
    const values = np.array(shown.values.flat(), { shape: [1, 1, columns, 1, width] });
    const choices = np.where(isTraversed, values, codes.reshape([1, rows, 1, variables, width]));
    const decoded = decode(decoder, choices.reshape([variables, rows, columns, variables, ...event]), config);
    const images = likelihoodOf(config).middle(decoded);
    const variable = np.argmax(np.var_(images.ref, 2).mean([1, 2]));
    return { images: np.take(images, variable.ref, 0), variable };
  },
  { staticArgnums: [2] },
);

/** Consumes decoder and choices. */
async function pixelProbabilities(config: Config, decoder: Dense[], choices: np.Array): Promise<Float32Array> {
  return (await pixelKernel(decoder, choices, codeOf(config)).data()) as Float32Array;
}

const pixelKernel = jit(
  function pixels(decoder: Dense[], choices: np.Array, config: DecodedConfig) {
    return likelihoodOf(config).middle(decode(decoder, choices, config));
  },
  { staticArgnums: [2] },
);

type DecodedConfig = CodeConfig & Pick<Config, "likelihood">;

/** What the decoder has to know, and no more: a kernel is compiled for every other configuration that it is given. */
function codeOf({ latent, variables, classes, k, likelihood }: Config): DecodedConfig {
  return { latent, variables, classes, k, likelihood };
}

function firstImages(dataset: Dataset, count: number): np.Array {
  return [...imageBlocks(dataset, count, count)][0]!.images;
}

function sizeOf({ height, width, channels = 1 }: Dataset) {
  return { height, width, channels };
}
