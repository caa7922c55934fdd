/** Pictures cut into pieces, shuffled, and put together again. Pieces are numbered row by row from the top left. */

import type { Picture } from "../report/pixels.ts";
import type { Dataset } from "./types.ts";

/** How pictures are cut: `across * across` square pieces of `side * side` pixels, from the middle of the picture. */
export interface Cut {
  readonly across: number;
  readonly side: number;
  /** Of the part that is used, in the picture. */
  readonly top: number;
  readonly left: number;
  /** 3 for pieces in colour, the channels of a pixel beside each other; absent, or 1, for grey ones. */
  readonly channels?: 1 | 3;
}

/** How many numbers a piece has. */
export function sizeOfPiece({ side, channels = 1 }: Cut): number {
  return side * side * channels;
}

/**
 * The largest square pieces that fit, `across` each way. What is left over is cropped evenly from the edges: nothing of
 * 28 x 28 pixels for 2 and 4, one row and column for 3, three for 5, four for 6.
 *
 * @throws RangeError for a picture too small
 */
export function cutOf(
  { height, width, channels = 1 }: Pick<Dataset, "height" | "width" | "channels">,
  across: number,
): Cut {
  const side = Math.floor(Math.min(height, width) / across);
  if (side < 1) {
    throw new RangeError(`A picture of ${height} x ${width} cannot be cut into ${across} x ${across} pieces.`);
  }
  const [top, left] = [height, width].map((length) => Math.floor((length - across * side) / 2)) as [number, number];
  return { across, side, top, left, ...(channels === 3 && { channels }) };
}

/** The pieces of pictures in their places, byte / 255: `[rows, across * across, side * side * channels]`. */
export function gatherPieces(dataset: Dataset, rows: Uint32Array, cut: Cut): Float32Array {
  const { across, side, top, left, channels = 1 } = cut;
  const { width, height, images } = dataset;
  const pieces = new Float32Array(rows.length * across ** 2 * sizeOfPiece(cut));
  let to = 0;
  for (const row of rows) {
    for (let piece = 0; piece < across * across; piece++) {
      const [y, x] = [top + Math.floor(piece / across) * side, left + (piece % across) * side];
      for (let i = 0; i < side; i++) {
        const from = ((row * height + y + i) * width + x) * channels;
        for (let j = 0; j < side * channels; j++) pieces[to++] = images[from + j]! / 255;
      }
    }
  }
  return pieces;
}

/** Pieces rearranged: slot s of a picture gets piece `orders[s]` of it. */
export function arrangePieces(pieces: Float32Array, orders: Uint32Array, cut: Cut): Float32Array {
  const [count, pixels] = [cut.across ** 2, sizeOfPiece(cut)];
  const arranged = new Float32Array(pieces.length);
  orders.forEach((piece, slot) => {
    const from = (slot - (slot % count) + piece) * pixels;
    arranged.set(pieces.subarray(from, from + pixels), slot * pixels);
  });
  return arranged;
}

/** Pieces in their places as whole pictures, `[rows, across * side, across * side * channels]`. */
export function joinPieces(pieces: Float32Array, { across, side, channels = 1 }: Cut): Float32Array {
  const [length, row] = [across * side, side * channels];
  const pictures = new Float32Array(pieces.length);
  // Row by row of the pieces.
  for (let from = 0; from < pieces.length; from += row) {
    const [piece, i] = [Math.floor(from / (row * side)), Math.floor(from / row) % side];
    const [picture, place] = [Math.floor(piece / across ** 2), piece % across ** 2];
    const y = picture * length + Math.floor(place / across) * side + i;
    pictures.set(pieces.subarray(from, from + row), y * length * channels + (place % across) * row);
  }
  return pictures;
}

/** Pieces with `margin` pixels of `value` around each, for a convolution that keeps their size. */
export function padPieces(
  pieces: Float32Array,
  side: number,
  margin: number,
  value: number,
  channels = 1,
): Float32Array {
  const [length, padded] = [side * channels, side + 2 * margin];
  const result = new Float32Array((pieces.length / (side * length)) * padded ** 2 * channels).fill(value);
  for (let from = 0; from < pieces.length; from += length) {
    const [piece, row] = [Math.floor(from / (side * length)), Math.floor(from / length) % side];
    const to = (piece * padded ** 2 + (row + margin) * padded + margin) * channels;
    result.set(pieces.subarray(from, from + length), to);
  }
  return result;
}

/** For every piece of a picture, the first piece that looks exactly the same. */
export function identicalPieces(picture: Float32Array, size: number): number[] {
  const pixels = picture.length / size;
  const looks = Array.from({ length: size }, (_, piece) => picture.slice(piece * pixels, (piece + 1) * pixels).join());
  return looks.map((look) => looks.indexOf(look));
}

/**
 * The places found, where identical pieces have changed places among themselves so that as many as possible are in their
 * own: nobody can tell them apart.
 */
export function withIdenticalExchanged(order: Uint32Array, found: Uint32Array, alike: readonly number[]): Uint32Array {
  const exchanged = Uint32Array.from(found);
  for (const look of new Set(alike)) {
    const slots = [...order.keys()].filter((slot) => alike[order[slot]!] === look);
    const places = new Set(slots.map((slot) => found[slot]!));
    const homeless = slots.filter((slot) => !places.delete(order[slot]!));
    const atHome = slots.filter((slot) => !homeless.includes(slot));
    for (const slot of atHome) exchanged[slot] = order[slot]!;
    for (const [i, place] of [...places].entries()) exchanged[homeless[i]!] = place;
  }
  return exchanged;
}

/**
 * The Kendall's tau that is to be expected of a perfect solver: identical pieces lie in their places in random order,
 * because nobody can tell them apart. With `S` the number of pairs of a piece of look A and one of look B whose places are
 * in the one order, less those in the other, it is `sum over pairs of looks of S^2 / (|A| |B|)`, as a share of all pairs.
 *
 * @param alike for every piece the first that looks the same, as `identicalPieces` gives them
 */
export function bestKendallTau(alike: readonly number[]): number {
  const looks = [...new Set(alike)].map((look) => [...alike.keys()].filter((place) => alike[place] === look));
  let balance = 0;
  for (const [i, b] of looks.entries()) {
    for (const a of looks.slice(0, i)) {
      const inOrder = a.flatMap((x) => b.map((y) => Math.sign(y - x))).reduce((sum, sign) => sum + sign, 0);
      balance += inOrder ** 2 / (a.length * b.length);
    }
  }
  return (2 * balance) / (alike.length * (alike.length - 1));
}

/** From the place of each slot's piece, the slot that belongs at each place. */
export function inverseOrders(places: Uint32Array, { across }: Cut): Uint32Array {
  const size = across ** 2;
  const inverse = new Uint32Array(places.length);
  places.forEach((place, index) => {
    inverse[index - (index % size) + place] = index % size;
  });
  return inverse;
}

/**
 * The pieces of a picture as the network knows them, in grey or in colour, each reduced (or enlarged) to the side that it
 * knows, as means of areas.
 */
export function knownPieces({ width, channels, data }: Picture, fine: Cut, known: Cut): Float32Array {
  const { channels: wanted = 1 } = known;
  const value = (y: number, x: number, channel: number) => {
    const at = (y * width + x) * channels;
    if (channels === 1) return data[at]!;
    return wanted === 3 ? data[at + channel]! : 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  };
  const bounds = (i: number) => {
    const from = Math.floor((i * fine.side) / known.side);
    return [from, Math.max(from + 1, Math.floor(((i + 1) * fine.side) / known.side))] as const;
  };
  return Float32Array.from({ length: known.across ** 2 * sizeOfPiece(known) }, (_, index) => {
    const [at, channel] = [Math.floor(index / wanted), index % wanted];
    const [piece, pixel] = [Math.floor(at / known.side ** 2), at % known.side ** 2];
    const [top, left] = [
      fine.top + Math.floor(piece / fine.across) * fine.side,
      fine.left + (piece % fine.across) * fine.side,
    ];
    const [y0, y1] = bounds(Math.floor(pixel / known.side));
    const [x0, x1] = bounds(pixel % known.side);
    let sum = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += value(top + y, left + x, channel);
    return sum / ((y1 - y0) * (x1 - x0)) / 255;
  });
}

/** The used part of a picture with piece `order[place]` at each place. */
export function rearranged(
  { width, channels, data }: Picture,
  { across, side, top, left }: Cut,
  order: Uint32Array,
): Picture {
  const length = across * side;
  const result = new Uint8Array(length * length * channels);
  order.forEach((piece, place) => {
    const [y, x] = [Math.floor(place / across) * side, (place % across) * side];
    const [fromY, fromX] = [top + Math.floor(piece / across) * side, left + (piece % across) * side];
    for (let i = 0; i < side; i++) {
      const from = ((fromY + i) * width + fromX) * channels;
      result.set(data.subarray(from, from + side * channels), ((y + i) * length + x) * channels);
    }
  });
  return { width: length, height: length, channels, data: result };
}
