/**
 * Sinkhorn's iterations in scaling form, safe at any temperature: between two exponentials of the whole matrix, as many
 * matrix-vector products as float32 provably holds.
 *
 * Plain scaling, u = 1/(K v), v = 1/(K' u) with K = exp(x), under- or overflows once x spans more than about 80. Here
 * the scalings are absorbed into the kernel every few iterations, K = exp(x + f + g) with f = log u and g = log v so
 * far (Schmitzer 2019), and how few follows from n alone. After one iteration K has column sums 1 and row sums from 1/n
 * to n, and further iterations never widen that range: each changes log u and log v by at most log n. So within m
 * iterations what is lost below exp(-87) is less than n^(2m+1) exp(-87) of any sum. With other sums than 1, n stands
 * for their total over the least of them. Where that is not known when a function is traced, or is too much, and where
 * there are penalties, potentials.ts has the iterations.
 *
 * Schmitzer, "Stabilized Sparse Scaling Algorithms for Entropy Regularized Transport Problems", 2019.
 */

import { jit, lax, numpy as np, tree } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { LOWEST, logarithm } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { type Scaled, type Side, type Sides, scaledTo, wherePlan } from "./sums.ts";

/** The plan so far is `u_i K_ij v_j` with `K = exp(x_ij + f_i + g_j)`. Gradients flow through x, u and v alone. */
export interface State {
  f: np.Array;
  g: np.Array;
  kernel: np.Array;
  u: np.Array;
  v: np.Array;
  [name: string]: np.Array;
}

/** Of rows and columns. */
export interface Scalings {
  rows: Scaled;
  columns: Scaled;
}

/** exp(-87) is the last exponential that float32 holds in full; smaller ones are slow, and cost accuracy. */
const LOWEST_EXPONENT = -87;

/** What is lost may be exp(-14) of a sum, about float32's rounding. */
const LOST = 14;

/**
 * Iterations are compiled one after the other. Outside a jitted function so many are compiled at a time, and used again
 * and again.
 *
 * Upstream: there are no loops (`scan`, `while_loop`).
 */
const PIECE = 100;

/**
 * The state after `iterations` of Sinkhorn, rows then columns, at least one.
 *
 * @param x logits `[..., m, n]` with 0 the largest of each row, consumed
 * @param sides kept
 * @param longest iterations between two absorptions
 */
export function stabilized(x: np.Array, sides: Sides, iterations: number, longest: number): State {
  let state = start(x.ref, tree.ref(sides));
  for (let done = 1; done < iterations; done += PIECE) {
    state = advance(state, x.ref, tree.ref(sides), Math.min(PIECE, iterations - done), done > 1, longest);
  }
  x.dispose();
  return state;
}

/**
 * The first iteration, whose steps may be of any size, in the log domain; and the plan with its rows normalized alone.
 */
export function firstIteration(x: np.Array, sides: Sides): { state: State; softmax: np.Array; scalings: Scalings } {
  const begun = sides.columns.start;
  const moved = begun === undefined ? x.ref : x.ref.add(row(begun.ref));
  // Without a beginning that is 0.
  const origin = begun === undefined ? undefined : lax.stopGradient(np.max(moved.ref, -1));
  const weights = np.exp(origin === undefined ? moved : moved.sub(column(origin.ref)));
  const normalizer = np.reciprocal(weights.ref.sum(-1));
  const scaledRows = scaledTo(sides.rows, normalizer.ref);
  const rows = absorb(scaledRows.scaling.ref);
  const f = origin === undefined ? rows.logarithm : rows.logarithm.sub(origin);
  const g = np.negative(lax.stopGradient(np.max(x.ref.add(column(f.ref)), -2)));
  const kernel = exponential(x, f.ref, g.ref);
  const columns = scaleColumns(kernel.ref, rows.rest.ref, sides.columns);
  const state = { f, g, kernel, u: rows.rest, v: columns.scaling.ref };
  return { state, softmax: weights.mul(column(normalizer)), scalings: { rows: scaledRows, columns } };
}

export const start = jit(function start(x: np.Array, sides: Sides): State {
  return firstIteration(x, sides).state;
});

/**
 * So many further iterations; from a state that is more than a first iteration old, `absorbing` its scalings at once.
 */
export const advance = jit(
  function advance(
    state: State,
    x: np.Array,
    sides: Sides,
    iterations: number,
    absorbing: boolean,
    longest: number,
  ): State {
    let reached = state;
    for (let done = 0; done < iterations; done += longest) {
      if (absorbing || done > 0) reached = absorbed(reached, x.ref);
      reached = run(reached, sides, Math.min(longest, iterations - done)).state;
    }
    return reached;
  },
  { staticArgnums: [3, 4, 5] },
);

/** So many iterations with the kernel of a state, and the scalings of each. */
export function run(state: State, sides: Sides, iterations: number): { state: State; path: Scalings[] } {
  const path: Scalings[] = [];
  const { kernel } = state;
  let { u, v } = state;
  for (let i = 0; i < iterations; i++) {
    const rows = scaleRows(kernel.ref, v.ref, sides.rows);
    u = rows.scaling.ref;
    const columns = scaleColumns(kernel.ref, u.ref, sides.columns);
    v = columns.scaling.ref;
    path.push({ rows, columns });
  }
  return { state: { ...state, u, v }, path };
}

export const finish = jit(function finish({ kernel, u, v }: State): np.Array {
  return kernel.mul(column(u)).mul(row(v));
});

/** By how much one more scaling would change the sum of a row, at most, `[...]`. */
export const drift = jit(function drift({ f, g, kernel, u, v }: State, x: np.Array, sides: Sides): np.Array {
  tree.dispose([f, g]);
  const sums = kernel.mul(row(v)).sum(-1);
  const next = scaledTo(sides.rows, np.reciprocal(sums.ref)).scaling;
  return wherePlan(x, np.max(np.absolute(next.sub(u).mul(sums)), -1));
});

/** The logarithms of the scalings. */
export const potentials = jit(function potentials({ f, g, kernel, u, v }: State): {
  rows: np.Array;
  columns: np.Array;
} {
  kernel.dispose();
  return { rows: f.add(logarithm(u)), columns: g.add(logarithm(v)) };
});

/**
 * Iterations between two absorptions.
 *
 * @param n of a square; elsewhere the total of the sums over the least of them
 */
export function longestRun(n: number): number {
  const growths = (-LOWEST_EXPONENT - LOST) / Math.log(Math.max(n, 2));
  return Math.max(1, Math.floor((growths - 1) / 2));
}

/** The same plan with the scalings moved into the kernel. */
export function absorbed({ f, g, u, v }: State, x: np.Array): State {
  const [rows, columns] = [absorb(u), absorb(v)];
  const [nextF, nextG] = [f.add(rows.logarithm), g.add(columns.logarithm)];
  return { f: nextF, g: nextG, kernel: exponential(x, nextF.ref, nextG.ref), u: rows.rest, v: columns.rest };
}

/**
 * A scaling as the exponential of its logarithm and a rest of about 1. The rest has all of the gradient, and makes up
 * for what the logarithm is off by.
 *
 * Upstream: `log` is off by 1e-5 near 1.
 */
function absorb(scaling: np.Array): { logarithm: np.Array; rest: np.Array } {
  const logarithm = materialize(np.log(lax.stopGradient(scaling.ref)));
  return { logarithm: logarithm.ref, rest: scaling.mul(materialize(np.exp(np.negative(logarithm)))) };
}

/** exp(x + f + g), with 0 for what float32 would not hold in full. */
function exponential(x: np.Array, f: np.Array, g: np.Array): np.Array {
  const exponent = x.add(column(f)).add(row(g));
  const drop = np.where(exponent.ref.less(LOWEST_EXPONENT), LOWEST, 0);
  return np.exp(exponent.add(lax.stopGradient(drop)));
}

export function scaleRows(kernel: np.Array, v: np.Array, side: Side): Scaled {
  return scaledTo(side, np.reciprocal(kernel.mul(row(v)).sum(-1)));
}

export function scaleColumns(kernel: np.Array, u: np.Array, side: Side): Scaled {
  return scaledTo(side, np.reciprocal(kernel.mul(column(u)).sum(-2)));
}
