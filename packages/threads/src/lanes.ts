/** How four neighbouring outputs read an array. */

import { type Code, f32x4, i32, i32x4, local, v128 } from "./assembler.ts";
import type { Neighbours } from "./strides.ts";

const LANES = 4;

/** Bytes of a number. */
const BYTES = 4;

/** The lanes whose numbers have an address of their own; those of the others follow. */
export function addressedLanes(neighbours: Neighbours): readonly number[] {
  if (neighbours.kind === "apart") return [0, 1, 2, 3];
  return neighbours.kind === "in rows" ? [0, 3] : [0];
}

/**
 * Reads four numbers.
 *
 * @param addresses variables with those of the lanes
 * @param offset in bytes
 * @param place the variable with the first output's place
 */
export function loadLanes(neighbours: Neighbours, addresses: readonly number[], offset: number, place: number): Code {
  const [first, last] = addresses.map((address) => local.get(address)) as [Code, Code];
  if (neighbours.kind === "apart") return gathered((lane) => [local.get(addresses[lane]!), offset]);
  if (neighbours.kind === "in rows") {
    const [ofFirst, ofLast] = [v128.load32_splat(first, offset), v128.load32_splat(last, offset)];
    return v128.bitselect(ofFirst, ofLast, inFirstRow(place, neighbours.length));
  }
  const { distance } = neighbours;
  if (distance === 0) return v128.load32_splat(first, offset);
  if (distance === 1) return v128.load(first, offset);
  return gathered((lane) => [first, offset + BYTES * distance * lane]);
}

function gathered(at: (lane: number) => readonly [address: Code, offset: number]): Code {
  const rest = [1, 2, 3];
  return rest.reduce<Code>(
    (vector, lane) => {
      const [address, offset] = at(lane);
      return v128.load32_lane(lane, address, vector, offset);
    },
    v128.load32_zero(...at(0)),
  );
}

/** Ones for the lanes before the next multiple of `length`. */
function inFirstRow(place: number, length: number): Code {
  const left = i32.sub(i32.const(length), i32.rem_u(local.get(place), i32.const(length)));
  return i32x4.gt_s(i32x4.splat(left), v128.lanes(0, 1, 2, 3));
}

/**
 * Reads four numbers side by side for each of four lanes, and sets variables to the first of each, the second, and so on.
 *
 * @param address variable with that of the first lane
 * @param distance numbers from a lane to the next
 * @param rows variables for what is read
 */
export function loadTurned(
  address: number,
  distance: number,
  rows: readonly number[],
  columns: readonly number[],
): Code {
  const [a, b, c, d] = rows.map((row) => local.get(row)) as [Code, Code, Code, Code];
  const [low, high] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ] as const;
  const halves = [
    [f32x4.shuffle(a, b, low), f32x4.shuffle(c, d, low)],
    [f32x4.shuffle(a, b, high), f32x4.shuffle(c, d, high)],
  ] as const;
  const turned = halves.flatMap(([ab, cd]) => [
    f32x4.shuffle(ab, cd, [0, 1, 4, 5]),
    f32x4.shuffle(ab, cd, [2, 3, 6, 7]),
  ]);
  return [
    ...rows.flatMap((row, lane) => local.set(row, v128.load(local.get(address), BYTES * distance * lane))),
    ...columns.slice(0, LANES).flatMap((column, i) => local.set(column, turned[i]!)),
  ];
}
