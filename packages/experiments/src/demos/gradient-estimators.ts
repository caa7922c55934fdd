/** The estimators of the library's `expectation`, as many values of the cost as they may take, and which choices they are for. */

import type { bernoulli, categorical, Estimator, ExpectationOptions, SubsetOf } from "softdraw";
import type { StructureName } from "./gradient-problems.ts";

interface Structures {
  bernoulli: typeof bernoulli;
  categorical: typeof categorical;
  subset: SubsetOf;
}

type EstimatorOf<Name extends StructureName> = ExpectationOptions<Structures[Name]>["estimator"];

/** Options of those that draw; the control variate of "relax" is yet to be fitted. */
export type EstimatorOptions = (
  | Exclude<ExpectationOptions<Structures[StructureName]>, { estimator: "exact" | "relax" }>
  | { readonly estimator: "relax"; readonly temperature: number }
) & { readonly samples: number };

/** The compiler compares the names with what the library has for each structure. */
const SUPPORTED: { readonly [Name in StructureName]: Readonly<Record<EstimatorOf<Name>, true>> } = {
  bernoulli: {
    exact: true,
    "score-function": true,
    simple: true,
    disarm: true,
    rebar: true,
    relax: true,
    relaxed: true,
    "straight-through": true,
    "gumbel-rao": true,
    reinmax: true,
    imle: true,
    perturbed: true,
  },
  categorical: {
    exact: true,
    "score-function": true,
    "unordered-set": true,
    simple: true,
    rebar: true,
    relax: true,
    relaxed: true,
    "straight-through": true,
    "gumbel-rao": true,
    "gapped-straight-through": true,
    reinmax: true,
    imle: true,
    perturbed: true,
  },
  subset: {
    exact: true,
    "score-function": true,
    rebar: true,
    relax: true,
    relaxed: true,
    "straight-through": true,
    "gumbel-rao": true,
    imle: true,
    perturbed: true,
  },
};

/** The names of the estimators that a structure has what is needed for. */
export function estimatorsOf(structure: StructureName): Estimator[] {
  return Object.keys(SUPPORTED[structure]) as Estimator[];
}

/** An estimator with its options, such as to take no more values of the cost than are allowed. */
export interface Contestant {
  /** The estimator's name, and its baseline. */
  readonly name: string;
  readonly options: EstimatorOptions;
  /** Values of the cost that an estimate takes. */
  readonly values: number;
  /** Whether it differentiates the cost. */
  readonly needsDerivative: boolean;
  /** Exact draws that it makes. */
  readonly samples: number;
  /** About which share of the draws have a slope: 1 where the gradient comes from their values, and not from a relaxation. */
  readonly slopes: number;
}

interface Budget {
  /** Values of the cost that an estimate may take. */
  readonly values: number;
  readonly temperature: number;
  /** Logits of an event. */
  readonly n: number;
}

type Plan = (budget: Budget) => Contestant[];

/** In the order of the documents. What "exact" takes is no matter of a budget. */
const PLANS: { readonly [E in Exclude<Estimator, "exact">]: Plan } = {
  "score-function": ({ values }) => {
    const withBaseline = (baseline: "none" | "leave-one-out" | "greedy", samples: number) =>
      contestant(["score-function", baseline], { estimator: "score-function", samples, baseline }, values);
    if (values === 1) return [withBaseline("none", 1)];
    // The most probable value is one more for the cost.
    return [withBaseline("none", values), withBaseline("leave-one-out", values), withBaseline("greedy", values - 1)];
  },
  "unordered-set": ({ values, n }) =>
    values > n ? [] : [contestant(["unordered-set"], { estimator: "unordered-set", samples: values }, values)],
  simple: ({ values }) => [differentiating({ estimator: "simple", samples: values })],
  disarm: ({ values }) => {
    const samples = values - (values % 2);
    return samples === 0 ? [] : [contestant(["disarm"], { estimator: "disarm", samples }, samples)];
  },
  rebar: ({ values, temperature }) => {
    // The exact draw, the relaxed one, and another relaxed one of the same value.
    const samples = Math.floor(values / 3);
    if (samples === 0) return [];
    const rebar = contestant(["rebar"], { estimator: "rebar", samples, temperature }, 3 * samples);
    return [{ ...relaxing(rebar, temperature), needsDerivative: true }];
  },
  relax: ({ values, temperature }) => [
    relaxing(contestant(["relax"], { estimator: "relax", samples: values, temperature }, values), temperature),
  ],
  relaxed: ({ values, temperature }) => [
    relaxing(differentiating({ estimator: "relaxed", samples: values, temperature }), temperature),
  ],
  "straight-through": ({ values, temperature }) => [
    relaxing(differentiating({ estimator: "straight-through", samples: values, temperature }), temperature),
  ],
  "gumbel-rao": ({ values, temperature }) => [
    relaxing(differentiating({ estimator: "gumbel-rao", samples: values, temperature }), temperature),
  ],
  "gapped-straight-through": ({ values, temperature }) => [
    differentiating({ estimator: "gapped-straight-through", samples: values, temperature }),
  ],
  reinmax: ({ values, temperature }) => [differentiating({ estimator: "reinmax", samples: values, temperature })],
  imle: ({ values }) => [differentiating({ estimator: "imle", samples: values })],
  perturbed: ({ values }) => {
    const withBaseline = (baseline: "none" | "leave-one-out") =>
      contestant(["perturbed", baseline], { estimator: "perturbed", samples: values, baseline }, values);
    return values === 1 ? [withBaseline("none")] : [withBaseline("none"), withBaseline("leave-one-out")];
  },
};

function contestant(parts: readonly string[], options: EstimatorOptions, values: number): Contestant {
  const name = parts.filter((part) => part !== "none").join(", ");
  return { name, options, values, samples: options.samples, needsDerivative: false, slopes: 1 };
}

function differentiating(options: EstimatorOptions): Contestant {
  return { ...contestant([options.estimator], options, options.samples), needsDerivative: true };
}

/** The cooler, the fewer draws are near enough to another value for a slope. */
function relaxing(contestant: Contestant, temperature: number): Contestant {
  return { ...contestant, slopes: Math.min(1, temperature) };
}

/** All estimators of a structure that can do with so many values of the cost, each with as many as it can use. */
export function contestantsOf(structure: StructureName, budget: Budget): Contestant[] {
  return Object.entries(PLANS).flatMap(([estimator, plan]) => (estimator in SUPPORTED[structure] ? plan(budget) : []));
}
