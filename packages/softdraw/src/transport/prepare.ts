/**
 * What Sinkhorn's iterations start from: logits with their slack, divided by the temperature, and the sums that rows
 * and columns are scaled to. And what is made of the plan that they end with.
 */

import { jit, lax, numpy as np, tree } from "@jax-js/jax";
import { canPermute, countPossible, isNumber } from "../lawful.ts";
import { materializeGradient } from "../materialize.ts";
import { gumbel } from "../noise.ts";
import { finite, indicator, LOWEST } from "../numerics.ts";
import { column, ofRow, originOfRow, row } from "../rows.ts";
import { ifScale, perturbedBy } from "../structure.ts";
import { FARTHEST, inverseOf, isTemperature, tempered } from "../tempered.ts";
import type { Side, Sides } from "./sums.ts";

/** What a call gave, each name only where it did. */
export interface Given {
  /** Of draws: the key, and the scale of its noise where that is not 1. */
  key?: np.Array;
  noise?: np.Array;
  /** Sums, `[..., m]` and `[..., n]`. */
  rows?: np.Array;
  columns?: np.Array;
  /** Numbers, or shapes that broadcast over matrices. */
  rowPenalty?: np.Array;
  columnPenalty?: np.Array;
  /** Logits of what stays alone; shapes that broadcast to `[..., m]` and `[..., n]`. */
  rowSlack?: np.Array;
  columnSlack?: np.Array;
  /** Potentials of the columns to begin from, `[..., n]`. */
  start?: np.Array;
  [name: string]: np.Array;
}

export interface Prepared {
  /** Logits over the temperature, with slack, relative to the largest of each row; NaN where there is no plan. */
  x: np.Array;
  sides: Sides;
  /** What the plan of these is multiplied by, `[..., 1, 1]`, or 0 for entries without mass; absent where all is 1. */
  mass?: np.Array;
  /** The largest of each row, `[..., m]`. */
  origin: np.Array;
  [name: string]: np.Array | Sides;
}

/** How far the totals of rows and columns may be apart, as a part of them. */
export const MISMATCH = 1e-4;

/**
 * A column without mass has exp of this of the largest of each row: next to nothing, and a number that can be divided
 * by.
 */
const ASIDE = -30;

/** In place of a sum of 0, beside sums of about 1, and of one that is smaller. */
const SMALLEST_SUM = 1e-37;

/** About the largest float32: in place of an infinite penalty. */
const LARGEST_PENALTY = 3e38;

/** Whether a matrix gets a column, or a row, for what stays alone; a single one gets a companion beside penalties. */
export function extrasOf([m = 0, n = 0]: number[], given: object): { column: boolean; row: boolean } {
  const hasPenalty = "rowPenalty" in given || "columnPenalty" in given;
  return {
    column: "rowSlack" in given || (hasPenalty && n === 1),
    row: "columnSlack" in given || (hasPenalty && m === 1),
  };
}

/** Whether all sums are 1, so that they need not be computed with. */
function isPlain([m = 0, n = 0]: number[], given: object): boolean {
  const names = ["rows", "columns", "rowPenalty", "columnPenalty", "rowSlack", "columnSlack"];
  return m === n && !names.some((name) => name in given);
}

export const prepare = jit(function prepare(logits: np.Array, temperature: np.Array, given: Given): Prepared {
  const sizes = logits.shape.slice(-2);
  const scale = given.noise === undefined ? [] : [given.noise];
  const clean = finite(logits.ref);
  const noisy = given.key === undefined ? clean : perturbedBy(gumbel, given.key, clean, tree.ref(scale));
  const keys = extended(noisy, given);
  const inverse = inverseOf(temperature.ref);
  if (isPlain(sizes, given)) {
    const origin = originOfRow(keys.ref);
    const isLawful = canPermute(logits).mul(isTemperature(temperature));
    const { start, isStart } = beginning(given, keys.shape, lax.stopGradient(inverse.ref));
    const x = np.where(isLawful.mul(isStart), tempered(keys, origin.ref, inverse), Number.NaN);
    return { x: ifScale(x, scale), sides: { rows: {}, columns: start }, origin: np.squeeze(origin, -1) };
  }
  const totals = totalsOf(logits.ref, given);
  const [noRow, noColumn] = [isNone(totals.rows), isNone(totals.columns)];
  const isMassless = column(noRow.ref).add(row(noColumn.ref));
  const isOpen = np.where(isMassless.ref, 0, indicator(keys.ref.greater(LOWEST)));
  const hasPlaces = (none: np.Array, axis: -1 | -2) => np.min(np.where(none.ref, 1, np.max(isOpen.ref, axis)), -1);
  const isLawful = np
    .min(countPossible(logits, -1), [-1, -2])
    .greaterEqual(0)
    .mul(hasPlaces(noRow, -1).greater(0))
    .mul(hasPlaces(noColumn, -2).greater(0))
    .mul(totals.isLawful);
  const open = np.where(isMassless.ref, LOWEST, keys);
  const origin = np.where(column(noRow.ref), 0, originOfRow(open.ref));
  const scaled = tempered(open, origin.ref, inverse.ref);
  const { start, isStart } = beginning(given, totals.columns.shape, lax.stopGradient(inverse), noColumn.ref);
  // What has no mass is nothing, and sums of it are to be divided by.
  const filled = np.where(column(noRow.ref), 0, np.where(row(noColumn.ref), ASIDE, scaled));
  const isRight = column(column(isLawful)).mul(isTemperature(temperature.ref)).mul(arePenalties(given)).mul(isStart);
  const x = np.where(isRight, filled, Number.NaN);
  const moved = np.squeeze(origin, -1);
  return {
    x: ifScale(x, scale),
    sides: {
      rows: sideOf(totals.rows, totals.scale.ref, given.rowPenalty, temperature.ref, moved.ref),
      columns: { ...sideOf(totals.columns, totals.scale.ref, given.columnPenalty, temperature), ...start },
    },
    mass: np.where(isMassless, 0, column(column(totals.scale))),
    origin: moved,
  };
});

/** The plan of the matrix alone: without the slack, and as large as its sums. */
export const finishPlan = jit(
  function finishPlan(plan: np.Array, mass: np.Array, m: number, n: number): np.Array {
    const whole = plan.mul(mass);
    const [rows, columns] = whole.shape.slice(-2);
    if (rows === m && columns === n) return whole;
    const batch = whole.shape.slice(0, -2).map(() => [] as []);
    // Upstream: under `jit` the gradient by a part of an array is that by the whole where what comes back is one
    // number.
    return materializeGradient(whole.slice(...batch, [0, m], [0, n]));
  },
  { staticArgnums: [2, 3] },
);

/** `[..., m, n]` with a column for rows that stay alone, and a row for columns that do. */
function extended(keys: np.Array, given: Given): np.Array {
  const extras = extrasOf(keys.shape.slice(-2), given);
  const batch = keys.shape.slice(0, -2);
  const [m = 0, n = 0] = keys.shape.slice(-2);
  const line = (slack: np.Array | undefined, size: number) =>
    np.broadcastTo(slack === undefined ? np.zeros([]) : finite(slack.ref), [...batch, size]);
  const wide = extras.column ? np.concatenate([keys, column(line(given.rowSlack, m))], -1) : keys;
  if (!extras.row) return wide;
  const below = row(line(given.columnSlack, n));
  const corner = np.zeros([...batch, 1, 1]);
  return np.concatenate([wide, extras.column ? np.concatenate([below, corner], -1) : below], -2);
}

interface Totals {
  /** The sums with slack, not negative. */
  rows: np.Array;
  columns: np.Array;
  /** What they are divided by, `[...]`. */
  scale: np.Array;
  isLawful: np.Array;
}

/** The sums of all rows and columns, those that were not given included. */
function totalsOf(logits: np.Array, given: Given): Totals {
  const batch = logits.shape.slice(0, -2);
  const [m = 0, n = 0] = logits.shape.slice(-2);
  // Zeros that are computed.
  // Upstream: a constant array that a jitted function returns is gone after the first call.
  const zeros = indicator(logits.greater(Number.POSITIVE_INFINITY));
  const total = (sums: np.Array) => sums.sum(-1, { keepdims: true });
  const spread = (sums: np.Array, size: number) => np.broadcastTo(total(sums.ref).div(size), [...batch, size]);
  const onesOfRows = () => zeros.ref.sum(-1).add(1);
  const onesOfColumns = () => zeros.ref.sum(-2).add(1);
  const hasSlack = "rowSlack" in given || "columnSlack" in given;
  const hasPenalty = "rowPenalty" in given || "columnPenalty" in given;
  const ownRows = given.rows && np.broadcastTo(given.rows.ref, [...batch, m]);
  const ownColumns = given.columns && np.broadcastTo(given.columns.ref, [...batch, n]);
  const rows = ownRows ?? (ownColumns ? spread(ownColumns, m) : onesOfRows());
  const columns = ownColumns ?? (hasSlack && !ownRows ? onesOfColumns() : spread(rows, n));
  const [ofRows, ofColumns] = [total(rows.ref), total(columns.ref)];
  const larger = np.maximum(ofRows.ref, ofColumns.ref);
  const rounding = lax.stopGradient(larger.mul(MISMATCH));
  const isSum = (sums: np.Array) =>
    np.all(isNumber(sums.ref).mul(sums.ref.greaterEqual(0)).mul(sums.less(Number.POSITIVE_INFINITY)), -1);
  const isFull = ofRows.ref.greater(0).mul(ofColumns.ref.greater(0));
  const areSums = isSum(lax.stopGradient(rows.ref))
    .mul(isSum(lax.stopGradient(columns.ref)))
    .mul(np.squeeze(isFull, -1));
  const rest = ofRows.ref.sub(ofColumns.ref);
  const both = "rowSlack" in given && "columnSlack" in given;
  const notNegative = (x: np.Array) => np.maximum(x, 0);
  const extras = extrasOf([m, n], given);
  const nothing = np.expandDims(zeros.ref.sum([-1, -2]), -1);
  const alone = {
    rows: both ? ofRows.ref : "rowSlack" in given ? notNegative(rest.ref) : nothing.ref,
    columns: both ? ofColumns.ref : "columnSlack" in given ? notNegative(np.negative(rest.ref)) : nothing.ref,
  };
  const fits =
    both || hasPenalty
      ? undefined
      : "rowSlack" in given
        ? rest.ref.greaterEqual(np.negative(rounding))
        : "columnSlack" in given
          ? rest.ref.lessEqual(rounding)
          : np.absolute(rest).lessEqual(rounding);
  // Without slack and penalties, totals that differ by rounding are made equal: the iterations end with the columns.
  const balanced = hasSlack || hasPenalty ? columns : columns.mul(ofRows.ref.div(ofColumns));
  return {
    rows: extras.row ? np.concatenate([rows, alone.columns], -1) : rows,
    columns: extras.column ? np.concatenate([balanced, alone.rows], -1) : balanced,
    scale: hasPenalty ? zeros.sum([-1, -2]).add(1) : np.squeeze(ofRows.div(m), -1),
    isLawful: fits === undefined ? areSums : areSums.mul(np.squeeze(fits, -1)),
  };
}

function isNone(sums: np.Array): np.Array {
  return lax.stopGradient(sums.ref).lessEqual(0);
}

/** Whether each penalty is one, booleans that broadcast over matrices; true where there is none. */
function arePenalties({ rowPenalty, columnPenalty }: Given): np.Array {
  const isPenalty = (penalty: np.Array | undefined) => {
    if (penalty === undefined) return np.array(true);
    const fixed = lax.stopGradient(penalty.ref);
    return fixed.ref.greater(0).mul(isNumber(fixed));
  };
  return isPenalty(rowPenalty).mul(isPenalty(columnPenalty));
}

/** @param moved what the logits of each row were shifted by, which a penalty feels */
function sideOf(
  sums: np.Array,
  scale: np.Array,
  penalty: np.Array | undefined,
  temperature: np.Array,
  moved?: np.Array,
): Side {
  const scaled = np.maximum(sums.div(column(scale)), SMALLEST_SUM);
  if (penalty === undefined) return { sums: scaled };
  const [rho, t] = [ofRow(penalty.ref), ofRow(temperature)];
  const power = np.reciprocal(t.ref.div(rho.ref).add(1));
  if (moved === undefined) return { sums: scaled, power };
  return { sums: scaled, power, shift: tempered(moved, 0, inverseOf(np.minimum(rho.add(t), LARGEST_PENALTY))) };
}

/**
 * The potentials that the columns begin from, over the temperature; and whether those of all that have mass are finite, a shape
 * that broadcasts over matrices. Where both sums are kept a constant in all of them is nothing, and is taken off.
 *
 * @param noColumn which columns have no mass, if any
 */
function beginning(
  given: Given,
  shape: number[],
  inverse: np.Array,
  noColumn: np.Array = np.array(false),
): { start: Side; isStart: np.Array } {
  if (given.start === undefined) return { start: {}, isStart: np.array(true) };
  const { start } = given;
  const extra = shape.at(-1)! - start.shape.at(-1)!;
  const slack = () => np.zeros([...start.shape.slice(0, -1), extra]);
  const all = extra === 0 ? start.ref : np.concatenate([start.ref, slack()], -1);
  const isFinite = isNumber(all.ref).mul(np.absolute(all.ref).less(Number.POSITIVE_INFINITY));
  const isStart = column(np.min(np.where(noColumn.ref, 1, indicator(isFinite)), -1, { keepdims: true })).greater(0);
  const hasPenalty = "rowPenalty" in given || "columnPenalty" in given;
  const origin = hasPenalty ? 0 : originOfRow(np.where(noColumn.ref, LOWEST, all.ref));
  const scaled = np.clip(all.sub(origin).mul(ofRow(inverse)), -FARTHEST, FARTHEST);
  return { start: { start: np.where(noColumn, 0, scaled) }, isStart };
}
