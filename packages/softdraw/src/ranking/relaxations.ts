/** The relaxed orders by name, the kernels of the structure with each, and those of functions of values. */

import { jit, numpy as np } from "@jax-js/jax";
import { canTake } from "../lawful.ts";
import { gumbel } from "../noise.ts";
import { finite } from "../numerics.ts";
import { column, row, sumOfRow } from "../rows.ts";
import { type Kernels, kernelsOf } from "../structure.ts";
import { isTemperature } from "../tempered.ts";
import { withOrder } from "./law.ts";
import { networkOrder, networkSort } from "./network.ts";
import { neuralSort } from "./neural-sort.ts";
import { NETWORKS, nameOfNetwork, SIGMOIDS } from "./options.ts";
import { canBeOrder, canOrder, matrixOfOrder } from "./order.ts";
import { projectedRanks, projectedSort } from "./projection.ts";
import { sinkhornOrder } from "./sinkhorn.ts";
import { softSort } from "./soft-sort.ts";
import { placesOf } from "./tables.ts";

type OfKeys = (keys: np.Array, temperature: np.Array, iterations: number) => np.Array;

/** What a relaxation gives: a matrix where it has one, and the sorted values and the ranks. */
interface Relaxed {
  readonly order?: OfKeys;
  readonly sort: OfKeys;
  readonly rank: OfKeys;
}

const ofNetworks = NETWORKS.flatMap((network) =>
  SIGMOIDS.map((sigmoid) => {
    const order: OfKeys = (keys, temperature) => networkOrder(keys, temperature, { network, sigmoid });
    const sort: OfKeys = (keys, temperature) => networkSort(keys, temperature, { network, sigmoid });
    return [nameOfNetwork(network, sigmoid), { ...ofMatrix(order), sort }] as const;
  }),
);

const relaxations: Readonly<Record<string, Relaxed>> = {
  softsort: ofMatrix(softSort),
  neuralsort: ofMatrix(neuralSort),
  sinkhorn: ofMatrix(sinkhornOrder),
  ...Object.fromEntries(ofNetworks),
  projection: { sort: projectedSort, rank: projectedRanks },
};

/** The sorted values and the ranks that a relaxed order gives. */
function ofMatrix(order: OfKeys): Required<Relaxed> {
  return {
    order,
    sort: (x, temperature, iterations) => sumOfRow(order(x.ref, temperature, iterations).mul(row(x))),
    // The mean rank of a column: of an order whose columns do not sum to 1, too.
    rank: (x, temperature, iterations) => {
      const ranks = placesOf(x.ref).astype(np.float32);
      const matrix = order(x, temperature, iterations);
      return matrix.ref.mul(column(ranks)).sum(-2).div(matrix.sum(-2));
    },
  };
}

const exact = {
  keys: finite,
  noise: gumbel,
  vertex: matrixOfOrder,
  perturbTo: withOrder,
  canBe: canBeOrder,
  isLawful: canOrder,
  isMatrix: true,
} as const;

/** The verbs of each relaxation that has an order. */
export const kernels: Readonly<Record<string, Kernels<[iterations: number]>>> = Object.fromEntries(
  Object.entries(relaxations).flatMap(([name, { order }]) =>
    order === undefined ? [] : [[name, kernelsOf<[iterations: number]>({ ...exact, relaxation: order })]],
  ),
);

export const softSortKernel = jit(
  function softSort(x: np.Array, temperature: np.Array, name: string, iterations: number) {
    return ifLawful(relaxations[name]!.sort(x.ref, temperature.ref, iterations), x, temperature);
  },
  { staticArgnums: [2, 3] },
);

export const softRankKernel = jit(
  function softRank(x: np.Array, temperature: np.Array, name: string, iterations: number) {
    return ifLawful(relaxations[name]!.rank(x.ref, temperature.ref, iterations), x, temperature);
  },
  { staticArgnums: [2, 3] },
);

/** The sorted values at a place between two, `[...]`: what lies between is on a straight line. */
export const softQuantileKernel = jit(
  function softQuantile(x: np.Array, temperature: np.Array, place: np.Array, name: string, iterations: number) {
    const inOrder = ifLawful(relaxations[name]!.sort(x.ref, temperature.ref, iterations), x, temperature);
    const distance = np.absolute(placesOf(inOrder.ref).astype(np.float32).sub(place));
    return sumOfRow(inOrder.mul(np.maximum(np.subtract(1, distance), 0)));
  },
  { staticArgnums: [3, 4] },
);

/** Results of values that are all numbers between -1e30 and Infinity; NaN elsewhere. */
function ifLawful(result: np.Array, x: np.Array, temperature: np.Array): np.Array {
  const isLawful = canTake(x.ref, x.shape.at(-1)!);
  x.dispose();
  return np.where(isTemperature(temperature), np.where(isLawful, result, Number.NaN), Number.NaN);
}
