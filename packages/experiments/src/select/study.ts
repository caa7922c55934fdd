/**
 * Which k columns of a table are enough, and how good is what they say?
 *
 * The rows are divided into folds. Of all but one fold columns are chosen, in several ways, and a network is fitted that sees nothing else; the
 * fold that was left out says how good it is. The answer itself is chosen from all rows.
 *
 * @module
 */

import { meanWithError } from "../mathematics/statistics.ts";
import { countFeatures, encode, encodeTarget, momentsOf } from "./encoding.ts";
import { type EstimatorName, learnOrders, type Part } from "./neighbours.ts";
import { determination, type Fit, type Fitting, fitAll, type Score } from "./networks.ts";
import type { Problem } from "./problem.ts";
import { forwardOrder, lassoOrder, productsOf, univariateOrder } from "./rankings.ts";
import { type Draws, drawsOf, foldsOf, type Split, someOf, streams } from "./rows.ts";

export interface StudyOptions {
  /** How many columns: from one number to another, or one. */
  readonly fewest: number;
  readonly most: number;
  readonly folds: number;
  /** Divisions into folds, each with noise of its own. */
  readonly seeds: number;
  readonly seed: number;
  readonly estimator: EstimatorName;
  /** Of the choice. */
  readonly steps: number;
  /** The share that is done, and of what. */
  onProgress?(done: number, total: number, what: string): void;
}

/** The other ways to choose, which the learned choice is compared with. */
export const rivals = ["univariate", "forward", "lasso"] as const;
export type Rival = (typeof rivals)[number];
export const methods = ["chosen", ...rivals] as const;
export type Method = (typeof methods)[number];

/** Where a choice comes from: learned, or what one of the others chose, which did better on rows that were left out. */
export type Origin = "learned" | Rival;

/** Of held-out rows, over all folds. */
export interface Estimate {
  /** The share of rows that are classified right, or R2. */
  readonly score: number;
  /** Of the score, from how it differs between folds. */
  readonly standardError: number;
  /** Log loss in nats, or the mean squared error in variances of the target. */
  readonly loss: number;
}

export interface Choice {
  /** Names, the one that is needed most first. */
  readonly columns: readonly string[];
  readonly origin: Origin;
}

/** What so many columns are worth. */
export interface Point extends Readonly<Record<Method, Estimate>> {
  readonly features: number;
  /** From all rows. */
  readonly choice: Choice;
}

export interface StandIn {
  readonly column: string;
  /** The largest correlation of their features, without its sign. */
  readonly correlation: number;
  /** What the score changes by with this column in place of the chosen one. */
  readonly change: number;
}

/** A chosen column, and what is lost without it. */
export interface ChosenColumn {
  readonly column: string;
  /** The share of folds in which it was chosen. */
  readonly stability: number;
  /** What the score changes by without it. */
  readonly change: number;
  readonly standIns: readonly StandIn[];
}

export interface Study {
  readonly curve: readonly Point[];
  /** The fewest columns whose score is within a standard error of the best one; undefined where no choice is told from none. */
  readonly knee: number | undefined;
  /** How many columns the choice below has: the knee, or where there is none, those with the best score. */
  readonly features: number;
  readonly chosen: readonly ChosenColumn[];
  /** Columns that were not chosen from all rows, but in some folds, the most frequent first. */
  readonly sometimes: readonly { readonly column: string; readonly stability: number }[];
  /** Score with all columns, with all but the chosen ones, and with none. */
  readonly all: Estimate;
  readonly rest: Estimate | undefined;
  readonly none: Estimate;
}

/** @throws RangeError for options that do not fit the table */
export function checkStudy({ columns, rows, classes, target }: Problem, options: StudyOptions): void {
  const { fewest, most, folds } = options;
  if (fewest > most || most > columns.length) {
    const got = fewest === most ? `${most}` : `${fewest}..${most}`;
    throw new RangeError(`features: expected 1 to ${columns.length}, the columns beside the target, got ${got}.`);
  }
  const width = columns.reduce((sum, column) => sum + countFeatures(column), 0);
  if (width > MOST_FEATURES) {
    throw new RangeError(`expected at most ${MOST_FEATURES} features of all columns, got ${width}: ignore some.`);
  }
  const counts = classes.map((_, place) => target.filter((value) => value === place).length);
  const least = classes.length > 0 ? Math.min(...counts) : Math.floor(rows / 4);
  if (folds <= least) return;
  const what = classes.length > 0 ? "the rows of the rarest class" : "a quarter of the rows";
  throw new RangeError(`folds: expected 2 to ${least}, ${what}, got ${folds}.`);
}

/** Features of all columns, each category one. */
const MOST_FEATURES = 500;

/** Chooses columns, and says what they are worth. */
export async function studyColumns(problem: Problem, options: StudyOptions): Promise<Study> {
  checkStudy(problem, options);
  const trials: Trial[] = [];
  for (let seed = 0; seed < options.seeds; seed++) trials.push(await tryOnce(problem, options, seed));
  const curve = sizesOf(options).map((features, place): Point => {
    const estimates = methods.map((method) => [method, estimateOf(trials.map(({ scores }) => scores[place]![method]))]);
    return {
      ...(Object.fromEntries(estimates) as Record<Method, Estimate>),
      features,
      choice: choiceOf(problem, trials[0]!, place),
    };
  });
  const none = estimateOf(trials.map(({ splits }) => splits.map((split) => scoreOfNothing(problem, split))));
  const knee = kneeOf(curve, none);
  const features = knee ?? bestOfCurve(curve).features;
  const place = sizesOf(options).indexOf(features);
  const sets = trials.flatMap(({ chosen }) => chosen.slice(0, -1).map((own) => own[place]!.columns));
  const whole = trials[0]!.chosen.at(-1)![place]!.columns;
  const { chosen, rest } = await lookCloser(problem, options, trials[0]!, whole, sets);
  return {
    curve,
    knee,
    features,
    chosen,
    rest,
    sometimes: sometimesOf(problem, whole, sets),
    all: estimateOf(trials.map(({ all }) => all)),
    none,
  };
}

function sizesOf({ fewest, most }: StudyOptions): number[] {
  return Array.from({ length: most - fewest + 1 }, (_, i) => fewest + i);
}

/** One division of the rows into folds. */
interface Trial {
  readonly splits: readonly Split[];
  /** Of each fold, as rows outside of it scale them; of all rows, the last. */
  readonly parts: readonly Part[];
  /** What was chosen for each part and each number of columns. */
  readonly chosen: readonly (readonly Chosen[])[];
  /** Of each number of columns and each method, a score a fold. */
  readonly scores: readonly Readonly<Record<Method, readonly Score[]>>[];
  /** With all columns. */
  readonly all: readonly Score[];
}

interface Chosen {
  readonly columns: readonly number[];
  readonly origin: Origin;
}

/** An order of columns, of which the first k are a choice of k. */
interface Candidate {
  readonly origin: Origin;
  readonly order: readonly number[];
}

async function tryOnce(problem: Problem, options: StudyOptions, index: number): Promise<Trial> {
  const { folds, most, seeds, steps } = options;
  // Every trial has noise of its own, and with the next seed another one.
  const seed = (options.seed + index * TRIAL_APART) % 2 ** 32;
  const progress = (share: number, what: string) => options.onProgress?.(index + share, seeds, what);
  const rows = Array.from({ length: problem.rows }, (_, row) => row);
  const splits = await divide(problem, rows, folds, seed);
  const parts = [...splits.map(({ train }) => train), rows].map((own) => partOf(problem, own));
  const choosing = { ...options, k: most, seed, onStep: (step: number) => progress((step / steps) * 0.6, "choosing") };
  const learned = await learnOrders(parts, choosing);
  const candidates = parts.map((part, place) => candidatesOf(part, learned[place]!, most));
  const compare = {
    seed,
    steps: COMPARE_STEPS,
    onFit: (share: number) => progress(0.6 + 0.25 * share, "comparing"),
  };
  const chosen = await bestOf(problem, parts, candidates, sizesOf(options), compare);
  const judging = { seed, steps: FIT_STEPS, onFit: (share: number) => progress(0.85 + 0.15 * share, "judging") };
  return { splits, parts, chosen, ...(await judge(problem, { splits, parts, chosen, candidates }, options, judging)) };
}

/** A prime, so that seeds and trials do not meet. */
const TRIAL_APART = 1_000_003;

/** Of a network that says what columns are worth, and of one that only compares. */
const FIT_STEPS = 300;
const COMPARE_STEPS = 150;

async function divide(problem: Problem, rows: readonly number[], parts: number, seed: number): Promise<Split[]> {
  const draws = await drawsOf(seed, streams.folds, rows.length);
  return foldsOf(rows, parts, draws, problem.target, problem.classes.length > 0);
}

function partOf(problem: Problem, rows: readonly number[]): Part {
  return { encoded: encode(problem, rows), targets: encodeTarget(problem, rows), rows };
}

function candidatesOf({ encoded, targets, rows }: Part, learned: readonly number[][], count: number): Candidate[] {
  const products = productsOf(encoded, targets, rows);
  const orders = {
    univariate: univariateOrder(encoded, products),
    forward: forwardOrder(encoded, products, count),
    lasso: lassoOrder(encoded, products, count),
  };
  // What the lasso leaves out adds nothing to it: it is filled up by what does most alone.
  const filled = [...orders.lasso, ...orders.univariate.filter((column) => !orders.lasso.includes(column))];
  return [
    ...learned.map((order): Candidate => ({ origin: "learned", order })),
    ...rivals.map((origin): Candidate => ({ origin, order: origin === "lasso" ? filled : orders[origin] })),
  ];
}

/** A choice is compared by networks without a third of the rows each. Where but one number of columns is asked for, that is done twice. */
const COMPARISONS = { folds: 3, most: 2 };

/** Of the candidates the one that says most of rows that were left out, for each part and each size. Nothing but the rows of the part is looked at. */
async function bestOf(
  problem: Problem,
  parts: readonly Part[],
  candidates: readonly (readonly Candidate[])[],
  sizes: readonly number[],
  fitting: Fitting,
): Promise<Chosen[][]> {
  const draws = await drawsOf(
    fitting.seed,
    streams.splits,
    2 * COMPARISONS.most * parts.reduce((sum, { rows }) => sum + rows.length, 0),
  );
  const fits: Fit[] = [];
  const divisions = Array.from({ length: sizes.length > 1 ? 1 : COMPARISONS.most });
  const splits = parts.map(({ rows }) =>
    divisions
      .flatMap(() => foldsOf(rows, COMPARISONS.folds, draws, problem.target, problem.classes.length > 0))
      .map(({ train, test }) => ({ train, test: atMost(MOST_TO_STOP, test, draws) })),
  );
  const compared = parts.map(({ encoded }, part) =>
    sizes.map((size) =>
      differentOf(candidates[part]!, size).map((chosen) => {
        const places = splits[part]!.map(({ train, test }) => {
          return fits.push({ encoded, columns: chosen.columns, train, stop: test, test }) - 1;
        });
        return { chosen, places };
      }),
    ),
  );
  const scores = await fitAll(problem, fits, withShares(fitting, fits.length));
  const lossOf = (places: readonly number[]) => places.reduce((sum, place) => sum + scores[place]!.stopLoss, 0);
  return compared.map((ofPart) =>
    ofPart.map((ofSize) => ofSize.reduce((a, b) => (lossOf(b.places) < lossOf(a.places) ? b : a)).chosen),
  );
}

function atMost(count: number, rows: readonly number[], draws: Draws): readonly number[] {
  return rows.length > count ? someOf(rows, count, draws) : rows;
}

function withShares({ onFit, ...fitting }: Fitting, count: number): Fitting {
  return { ...fitting, onFit: (done) => onFit?.(done / count) };
}

/** The first of the candidates that choose the same columns. */
function differentOf(candidates: readonly Candidate[], size: number): Chosen[] {
  const different = new Map<string, Chosen>();
  for (const { origin, order } of candidates) {
    const columns = order.slice(0, size);
    const set = columns.toSorted((a, b) => a - b).join();
    if (!different.has(set)) different.set(set, { origin, columns });
  }
  return Array.from(different.values());
}

type Judged = Pick<Trial, "splits" | "parts" | "chosen"> & { readonly candidates: readonly (readonly Candidate[])[] };

/** Has the folds say what each method's columns are worth, and all columns. */
async function judge(
  problem: Problem,
  { splits, parts, chosen, candidates }: Judged,
  options: StudyOptions,
  fitting: Fitting,
): Promise<Pick<Trial, "scores" | "all">> {
  const sizes = sizesOf(options);
  const columnsOf = (method: Method, fold: number, place: number) => {
    if (method === "chosen") return chosen[fold]![place]!.columns;
    return candidates[fold]!.find(({ origin }) => origin === method)!.order.slice(0, sizes[place]);
  };
  const asked = sizes.flatMap((_, place) => methods.map((method) => (fold: number) => columnsOf(method, fold, place)));
  const all = () => problem.columns.map((_, column) => column);
  const scores = await scoreFolds(problem, { splits, parts }, [...asked, all], fitting);
  return {
    scores: sizes.map((_, place) => {
      const own = methods.map((method, m) => [method, scores[place * methods.length + m]!] as const);
      return Object.fromEntries(own) as Record<Method, Score[]>;
    }),
    all: scores.at(-1)!,
  };
}

/** The score of each way to choose columns, a number for each fold. Those that choose the same columns have the same score. */
async function scoreFolds(
  problem: Problem,
  { splits, parts }: Pick<Trial, "splits" | "parts">,
  asked: readonly ((fold: number) => readonly number[])[],
  fitting: Fitting,
): Promise<Score[][]> {
  const draws = await drawsOf(fitting.seed, streams.splits, splits.length * problem.rows);
  const divided = splits.map(({ train }) => divideForStop(train, draws));
  const fits: Fit[] = [];
  const known = new Map<string, number>();
  const places = asked.map((columnsOf) =>
    splits.map(({ test }, fold) => {
      const columns = columnsOf(fold);
      const set = `${fold}: ${columns.toSorted((a, b) => a - b)}`;
      const place =
        known.get(set) ?? fits.push({ encoded: parts[fold]!.encoded, columns, test, ...divided[fold]! }) - 1;
      known.set(set, place);
      return place;
    }),
  );
  const scores = await fitAll(problem, fits, withShares(fitting, fits.length));
  return places.map((ofFolds) => ofFolds.map((place) => scores[place]!));
}

/** The share of rows to learn from that say when to stop. */
const STOP_SHARE = 0.2;

/** More of them are looked at again and again, and say no more. */
const MOST_TO_STOP = 2000;

function divideForStop(rows: readonly number[], draws: Draws): Pick<Fit, "train" | "stop"> {
  const mixed = someOf(rows, rows.length, draws);
  const count = Math.max(1, Math.min(MOST_TO_STOP, Math.round(STOP_SHARE * rows.length)));
  return { stop: mixed.slice(0, count), train: mixed.slice(count) };
}

/** The mean over all folds of all trials. Folds of one trial share no test rows; those of another trial do, and make no error smaller. */
function estimateOf(trials: readonly (readonly Pick<Score, "score" | "loss">[])[]): Estimate {
  const scores = trials.flat().map(({ score }) => score);
  const { mean, standardError } = meanWithError(scores);
  return {
    score: mean,
    standardError: standardError * Math.sqrt(trials.length),
    loss: meanWithError(trials.flat().map(({ loss }) => loss)).mean,
  };
}

/** What is said without any column: the most frequent class, or the mean. */
function scoreOfNothing({ target, classes }: Problem, { train, test }: Split): Pick<Score, "score" | "loss"> {
  const [known, asked] = [train, test].map((rows) => rows.map((row) => target[row]!)) as [number[], number[]];
  if (classes.length === 0) {
    const { mean, deviation } = momentsOf(known);
    const loss = momentsOf(asked.map((value) => ((value - mean) / (deviation || 1)) ** 2)).mean;
    const score = determination(
      asked,
      asked.map(() => mean),
    );
    return { score, loss };
  }
  const shares = classes.map((_, place) => known.filter((value) => value === place).length / known.length);
  const guess = shares.indexOf(Math.max(...shares));
  const score = asked.filter((value) => value === guess).length / asked.length;
  return { score, loss: momentsOf(asked.map((value) => -Math.log(shares[value]!))).mean };
}

type Scored = Pick<Point, "features" | "chosen">;

/**
 * The fewest columns whose score is within a standard error of the best; undefined where the best is not above what is said without any
 * column by a standard error.
 */
export function kneeOf(curve: readonly Scored[], none: Pick<Estimate, "score">): number | undefined {
  const { chosen: best } = bestOfCurve(curve);
  if (!(best.score - best.standardError > none.score)) return undefined;
  return curve.find(({ chosen }) => chosen.score >= best.score - best.standardError)!.features;
}

function bestOfCurve(curve: readonly Scored[]): Scored {
  return curve.reduce((a, b) => (b.chosen.score > a.chosen.score ? b : a));
}

function choiceOf({ columns }: Problem, { chosen }: Trial, place: number): Choice {
  const { columns: own, origin } = chosen.at(-1)![place]!;
  return { columns: own.map((column) => columns[column]!.name), origin };
}

function shareOf(sets: readonly (readonly number[])[], column: number): number {
  return sets.filter((set) => set.includes(column)).length / sets.length;
}

function sometimesOf({ columns }: Problem, whole: readonly number[], sets: readonly (readonly number[])[]) {
  return columns
    .map(({ name }, column) => ({ column: name, stability: whole.includes(column) ? 0 : shareOf(sets, column) }))
    .filter(({ stability }) => stability > 0)
    .sort((a, b) => b.stability - a.stability);
}

// Stand-ins ----------------------------------------------------------------------------------------------------------

/** Others for each chosen column that are tried in its place at most, and how much they are to be like it. */
const MOST_STAND_INS = 2;
const LEAST_CORRELATION = 0.5;

/**
 * What is lost without each chosen column, and with what correlates with it in its place; and what all that was not chosen says. The columns are those
 * of all rows, so the score itself would be flattered; differences are less so.
 */
async function lookCloser(
  problem: Problem,
  options: StudyOptions,
  trial: Trial,
  whole: readonly number[],
  sets: readonly (readonly number[])[],
): Promise<{ chosen: ChosenColumn[]; rest: Estimate | undefined }> {
  const others = whole.map((column) => likest(trial.parts.at(-1)!, column, whole));
  const asked: (readonly number[])[] = [whole];
  const ask = (columns: readonly number[]) => (columns.length === 0 ? undefined : asked.push(columns) - 1);
  const plans = whole.map((column, place) => ({
    without: ask(whole.filter((other) => other !== column)),
    instead: others[place]!.map(({ column: other }) => ask(whole.with(place, other))!),
  }));
  const outside = problem.columns.map((_, column) => column).filter((column) => !whole.includes(column));
  const restPlace = ask(outside);
  const fitting = { seed: options.seed, steps: FIT_STEPS };
  const columnsOf = asked.map((columns) => () => columns);
  const scores = await scoreFolds(problem, trial, columnsOf, fitting);
  const nothing = trial.splits.map((split) => scoreOfNothing(problem, split));
  const base = estimateOf([scores[0]!]).score;
  const changeOf = (place: number | undefined) =>
    estimateOf([place === undefined ? nothing : scores[place]!]).score - base;
  return {
    chosen: whole.map((column, place) => ({
      column: problem.columns[column]!.name,
      stability: shareOf(sets, column),
      change: changeOf(plans[place]!.without),
      standIns: others[place]!.map(({ column: other, correlation }, i) => ({
        column: problem.columns[other]!.name,
        correlation,
        change: changeOf(plans[place]!.instead[i]),
      })),
    })),
    rest: restPlace === undefined ? undefined : estimateOf([scores[restPlace]!]),
  };
}

/** The columns outside of a choice that are most like a column of it. */
function likest({ encoded, rows }: Part, column: number, whole: readonly number[]) {
  const featureOf = (place: number) => rows.map((row) => encoded.values[row * encoded.width + place]!);
  const own = encoded.groups[column]!.map(featureOf);
  return encoded.groups
    .map((group, other) => {
      const correlations = whole.includes(other)
        ? [0]
        : group.map(featureOf).flatMap((b) => own.map((a) => Math.abs(correlationOf(a, b))));
      return { column: other, correlation: Math.max(...correlations) };
    })
    .filter(({ correlation }) => correlation >= LEAST_CORRELATION)
    .sort((a, b) => b.correlation - a.correlation)
    .slice(0, MOST_STAND_INS);
}

function correlationOf(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [momentsOf(a), momentsOf(b)];
  const product = a.reduce((sum, value, row) => sum + (value - x.mean) * (b[row]! - y.mean), 0) / a.length;
  return product / (x.deviation * y.deviation || 1);
}
