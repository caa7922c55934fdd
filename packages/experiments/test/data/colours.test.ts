/** The law of pictures in colour: what is done to one is done to each of its channels, as to a grey picture. */

import { noise } from "@softdraw/testing/bytes";
import { expect, test } from "vitest";
import { gatherImages } from "../../src/data/batches.ts";
import { stretch } from "../../src/data/folds.ts";
import { pooledPatches } from "../../src/data/patches.ts";
import { arrangePieces, cutOf, gatherPieces, joinPieces, knownPieces, padPieces } from "../../src/data/pieces.ts";
import { bytesAnImage, checkGrey, type Dataset } from "../../src/data/types.ts";
import { tileImages } from "../../src/report/pixels.ts";

const [COUNT, HEIGHT, WIDTH] = [4, 7, 9];

const images = noise(COUNT * HEIGHT * WIDTH * 3);
const shape = { name: "toy", count: COUNT, height: HEIGHT, width: WIDTH, classes: 1, labels: new Uint8Array(COUNT) };
const coloured: Dataset = { ...shape, channels: 3, images };
const grey = [0, 1, 2].map((channel): Dataset => ({ ...shape, images: channelOf(images, channel) }));

/** Every third number. */
function channelOf<T extends Uint8Array | Float32Array>(values: T, channel: number): T {
  return values.filter((_, i) => i % 3 === channel) as T;
}

/** Whether a result in colour is, channel by channel, the results of the grey pictures. */
function expectChannels(actual: Uint8Array | Float32Array, expected: (dataset: Dataset) => ArrayLike<number>): void {
  for (const [channel, dataset] of grey.entries()) {
    expect([...channelOf(actual, channel)]).toEqual(Array.from(expected(dataset)));
  }
}

test("batches and stretches", async () => {
  expect(bytesAnImage(coloured)).toBe(3 * bytesAnImage(grey[0]!));
  const order = Uint32Array.of(2, 0, 3);
  const batch = (dataset: Dataset) => gatherImages(dataset, order, 1, 2);
  expectChannels((await batch(coloured).data()) as Float32Array, (dataset) => batch(dataset).dataSync());
  expectChannels(stretch(coloured, 1, 3).images, (dataset) => stretch(dataset, 1, 3).images);
});

test("pieces: cut, arranged, padded and joined", () => {
  const rows = Uint32Array.of(3, 1);
  const orders = Uint32Array.of(8, 0, 3, 1, 2, 4, 7, 6, 5, 0, 1, 2, 3, 4, 5, 6, 8, 7);
  const arranged = (dataset: Dataset) => {
    const cut = cutOf(dataset, 3);
    return { cut, pieces: arrangePieces(gatherPieces(dataset, rows, cut), orders, cut) };
  };
  const { cut, pieces } = arranged(coloured);
  expect(cut).toEqual({ ...cutOf(grey[0]!, 3), channels: 3 });
  expectChannels(pieces, (dataset) => arranged(dataset).pieces);
  expectChannels(padPieces(pieces, cut.side, 2, 7, 3), (dataset) =>
    padPieces(arranged(dataset).pieces, cut.side, 2, 7),
  );
  expectChannels(joinPieces(pieces, cut), (dataset) => joinPieces(arranged(dataset).pieces, arranged(dataset).cut));
});

test("a picture as a network knows it: in its colours, or in the grey of all three", () => {
  const picture = { height: HEIGHT, width: WIDTH, channels: 3 as const, data: images.subarray(0, HEIGHT * WIDTH * 3) };
  const fine = cutOf(picture, 2);
  const known = { across: 2, side: 2, top: 0, left: 0 };
  const seen = knownPieces(picture, fine, { ...known, channels: 3 });
  expectChannels(seen, ({ images }) =>
    knownPieces(
      { ...picture, channels: 1, data: images.subarray(0, HEIGHT * WIDTH) },
      cutOf({ ...picture, channels: 1 }, 2),
      known,
    ),
  );
  const [r, g, b] = [0, 1, 2].map((channel) => channelOf(seen, channel)) as [Float32Array, Float32Array, Float32Array];
  for (const [i, value] of knownPieces(picture, fine, known).entries()) {
    expect(value).toBeCloseTo(0.299 * r[i]! + 0.587 * g[i]! + 0.114 * b[i]!, 6);
  }
});

test("patches: the channels of a pixel are beside each other, and what is left over is padding", () => {
  const size = { count: COUNT, height: HEIGHT, width: WIDTH };
  const patches = pooledPatches(Float32Array.from(images), { ...size, channels: 3 }, 3);
  expect(patches.shape).toEqual([4, 2, 3, COUNT, 28]);
  const padded = patches.dataSync() as Float32Array;
  const bare = padded.filter((_, i) => i % 28 < 27);
  expectChannels(bare, (dataset) => {
    const own = pooledPatches(Float32Array.from(dataset.images), size, 3).dataSync() as Float32Array;
    return own.filter((_, i) => i % 12 < 9);
  });
  expect(padded.filter((_, i) => i % 28 === 27).every((value) => value === 0)).toBe(true);
});

test("tiles, and what is between them", () => {
  const layout = { height: HEIGHT, width: WIDTH, columns: 3, gap: 1, scale: 2, background: 99 };
  const picture = tileImages(images, { ...layout, channels: 3 });
  expect(picture.channels).toBe(3);
  expectChannels(picture.data, (dataset) => tileImages(dataset.images, layout).data);
  expect(() => tileImages(images.subarray(1), { ...layout, channels: 3 })).toThrow(
    "whole images of 7 x 9 x 3 = 189 values",
  );
});

test("an experiment that takes grey pictures says how to turn them", () => {
  expect(() => checkGrey("dknn", grey[0]!)).not.toThrow();
  expect(() => checkGrey("dknn", coloured)).toThrow("dknn takes grey pictures only, and toy is in colour: add --grey.");
});
