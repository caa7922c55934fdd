/** The subsets of n columns, level by level of their sizes: which of them are a column apart. */

/** Places of other subsets, one row a column: `[n, subsets]`. */
export interface Table {
  /** The place of the other subset in its level; 0 where there is none. */
  readonly places: Int32Array;
  /** 1 where there is one, else 0. */
  readonly isThere: Float32Array;
}

export interface Level {
  /** Of subsets S of the level's size, for each column j of S: the place of S without j, one level below. */
  readonly without: Table;
  /** Of subsets T of one less, for each column j not in T: that of S, j in `without`, with S = T and j. */
  readonly with: Table;
}

/** The levels of subsets of 1 to n columns. */
export function levelsOf(n: number): readonly Level[] {
  let levels = cache.get(n);
  if (levels === undefined) {
    levels = madeLevels(n);
    cache.set(n, levels);
  }
  return levels;
}

const cache = new Map<number, readonly Level[]>();

function madeLevels(n: number): readonly Level[] {
  const { members, place } = subsetsBySize(n);
  const table = (subsets: readonly number[], placeOf: (subset: number, column: number) => number): Table => {
    const columns = Array.from({ length: n }, (_, j) => j);
    const found = columns.flatMap((j) => subsets.map((subset) => placeOf(subset, j)));
    return {
      places: Int32Array.from(found, (at) => Math.max(at, 0)),
      isThere: Float32Array.from(found, (at) => (at < 0 ? 0 : 1)),
    };
  };
  return Array.from({ length: n }, (_, size) => ({
    without: table(members[size + 1]!, (subset, j) => (has(subset, j) ? place[subset ^ (1 << j)]! : -1)),
    with: table(members[size]!, (subset, j) =>
      has(subset, j) ? -1 : j * members[size + 1]!.length + place[subset | (1 << j)]!,
    ),
  }));
}

/**
 * The subsets of each size, as numbers whose bits are the columns, in ascending order; and the place of each subset
 * among those of its size.
 */
function subsetsBySize(n: number): { members: readonly number[][]; place: Int32Array } {
  const members = Array.from({ length: n + 1 }, (): number[] => []);
  const place = new Int32Array(2 ** n);
  for (let subset = 0; subset < 2 ** n; subset++) {
    const level = members[sizeOf(subset)]!;
    place[subset] = level.length;
    level.push(subset);
  }
  return { members, place };
}

/** The place of each of the 2^n subsets among those of its size. */
export function placesBySubset(n: number): Int32Array {
  return subsetsBySize(n).place;
}

/**
 * Where each of the 2^n subsets is when the levels, that of the empty one included, are one after the other.
 */
export function placesInLevels(n: number): Int32Array {
  const { members, place } = subsetsBySize(n);
  const first = members.map((_, size) => members.slice(0, size).reduce((sum, level) => sum + level.length, 0));
  return place.map((at, subset) => first[sizeOf(subset)]! + at);
}

function has(subset: number, column: number): boolean {
  return ((subset >> column) & 1) === 1;
}

export function sizeOf(subset: number): number {
  let size = 0;
  for (let rest = subset; rest > 0; rest >>= 1) size += rest & 1;
  return size;
}
