/** The options of relaxed orders, and their checks. */

import type { numpy as np } from "@jax-js/jax";
import { checkCount } from "../checks.ts";
import {
  checkChoice,
  checkTemperature,
  RELAX,
  type RelaxOptions,
  TEMPERATURE,
  type Temperature,
  type TemperatureOptions,
} from "../options.ts";
import { MOST_UNROLLED } from "../transport/plan.ts";
import type { Network } from "./layers.ts";
import type { Sigmoid } from "./sigmoids.ts";

/**
 * How the order of n keys s is relaxed, to a matrix `[..., n, n]` of which row r, from 0, is where the key of rank r may be.
 * Rows sum to 1, and entries are not negative.
 *
 * - `"softsort"`, the default: row r is `softmax_j(-|s_r - s_j| / T)`, s_r the key of rank r (Prillo, Eisenschlos 2020). The
 *   cheapest.
 * - `"neuralsort"`: row r is `softmax_j(((n - 1 - 2r) s_j - sum_k |s_j - s_k|) / T)` (Grover et al. 2019). A key's weight
 *   falls with the distance from `s_r`, and the more the more keys lie between.
 * - `"network"`: a sorting network, whose comparisons are sigmoids of differences over T (Petersen et al. 2021, 2022).
 *   Columns sum to 1, too. For many keys it takes longest.
 * - `"sinkhorn"`: optimal transport of the keys to equal steps (Cuturi, Teboul, Vert 2019), which is NeuralSort with its
 *   rows and columns normalized in turn. Columns sum to 1, rows nearly.
 */
export type OrderRelaxation = "neuralsort" | "softsort" | "network" | "sinkhorn";

interface OrderForm {
  /** "softsort", the default, "neuralsort", "network" or "sinkhorn". */
  relaxation?: OrderRelaxation | undefined;
  /**
   * Of "network" alone. "bitonic", the default: `log2(n) (log2(n) + 1) / 2` layers for n up to the next power of 2.
   * "odd-even": n layers of neighbours, for few keys.
   */
  network?: Network | undefined;
  /**
   * Of "network" alone, the sigmoid of a comparison: "logistic", the default; "cauchy", `1/2 + arctan(x) / pi`; or "optimal",
   * which is a straight line near 0, and `1 / (16 |x|)` away from 0 or 1 beyond. With the latter two every value a sorted
   * entry takes grows with the keys, and limits are approached slowly: as T, and not as `exp(-1 / T)`.
   */
  sigmoid?: Sigmoid | undefined;
  /** Of "sinkhorn" alone: normalizations of the rows and then the columns, a whole number from 1 to 1,000; default 20. */
  iterations?: number | undefined;
}

export interface RankingOptions extends TemperatureOptions, OrderForm {}

export interface RankingRelaxOptions extends RelaxOptions, OrderForm {}

/** Options of functions of values. */
export interface SoftOptions extends TemperatureOptions, Omit<OrderForm, "relaxation"> {
  /**
   * One of `OrderRelaxation`; or "projection", onto the convex hull of all orders (Blondel et al. 2020), whose gradient is
   * exact, and 0 between values that are far enough apart.
   */
  relaxation?: OrderRelaxation | "projection" | undefined;
}

/** What is compiled for, by name and number. */
export interface Form {
  /** That of the relaxation; of a network with those of its kind and its sigmoid. */
  readonly name: string;
  readonly iterations: number;
}

export const NETWORKS: readonly Network[] = ["odd-even", "bitonic"];
export const SIGMOIDS: readonly Sigmoid[] = ["logistic", "cauchy", "optimal"];

/** The relaxations, and the options that each has of its own. */
const OWN: Readonly<Record<OrderRelaxation, readonly string[]>> = {
  softsort: [],
  neuralsort: [],
  network: ["network", "sigmoid"],
  sinkhorn: ["iterations"],
};
const RELAXATIONS = Object.keys(OWN);

const DEFAULT: OrderRelaxation = "softsort";

/** Refuses an option of a relaxation that is not asked for. */
function checkOwn(where: string, relaxation: string, options: SoftOptions): void {
  for (const [other, names] of Object.entries(OWN)) {
    const name = other !== relaxation && names.find((name) => options[name as keyof SoftOptions] !== undefined);
    if (!name) continue;
    throw new TypeError(
      `${where}: ${name} is an option of the relaxation "${other}", and the relaxation is "${relaxation}".`,
    );
  }
}

/** The temperature and the form of options. */
export function checkForm(
  where: string,
  x: np.Array,
  options: SoftOptions,
  kind: "relax" | "softMode" | "values",
): { temperature: Temperature; form: Form } {
  const names = [...(kind === "relax" ? RELAX : TEMPERATURE), "relaxation", ...Object.values(OWN).flat()];
  const temperature = checkTemperature(where, x, 1, options, names);
  const { relaxation = DEFAULT, network = "bitonic", sigmoid = "logistic", iterations = 20 } = options;
  checkChoice(where, "relaxation", relaxation, kind === "values" ? [...RELAXATIONS, "projection"] : RELAXATIONS);
  checkOwn(where, relaxation, options);
  checkChoice(where, "network", network, NETWORKS);
  checkChoice(where, "sigmoid", sigmoid, SIGMOIDS);
  checkCount(where, "iterations", iterations, 1, MOST_UNROLLED);
  if (relaxation === "network") return { temperature, form: { name: nameOfNetwork(network, sigmoid), iterations: 0 } };
  return { temperature, form: { name: relaxation, iterations: relaxation === "sinkhorn" ? iterations : 0 } };
}

export function nameOfNetwork(network: Network, sigmoid: Sigmoid): string {
  return `${network} ${sigmoid}`;
}
