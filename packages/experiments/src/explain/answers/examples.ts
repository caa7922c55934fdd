/** Examples whose answers are explained, as they come: numbers, or tokens. */

/** Rows of numbers, such as pixels or columns of a table, in groups that are seen or hidden together. */
export interface NumberExamples {
  readonly kind: "numbers";
  readonly count: number;
  /** Numbers of an example. */
  readonly features: number;
  /** `[count, features]`, finite, as they are. */
  readonly values: Float32Array;
  readonly groups: number;
  /** The group of each feature, `[features]`, from 0 to groups - 1. */
  readonly groupOf: Int32Array;
}

/** Sequences of whole numbers, each of which is seen or hidden by itself. */
export interface TokenExamples {
  readonly kind: "tokens";
  readonly count: number;
  /** Tokens of an example. */
  readonly groups: number;
  /** Tokens are from 0 to words - 1. */
  readonly words: number;
  /** `[count, groups]`. */
  readonly values: Int32Array;
}

export type Examples = NumberExamples | TokenExamples;

/** What a model says of examples: probabilities, `[count, classes]`. */
export interface Answers {
  readonly classes: number;
  readonly values: Float32Array;
}

/** How many values an example has. */
export function widthOf(examples: Examples): number {
  return examples.kind === "numbers" ? examples.features : examples.groups;
}

/** Some of the examples, in the order of their rows. */
export function takeExamples<E extends Examples>(examples: E, rows: Uint32Array): E {
  const { values } = examples;
  return { ...examples, count: rows.length, values: takeRows(values, widthOf(examples), rows) };
}

export function takeAnswers({ classes, values }: Answers, rows: Uint32Array): Answers {
  return { classes, values: takeRows(values, classes, rows) };
}

/** Some rows of numbers, `width` each. */
export function takeRows<Values extends Float32Array | Int32Array>(
  values: Values,
  width: number,
  rows: Uint32Array,
): Values {
  const taken = values.slice(0, rows.length * width) as Values;
  rows.forEach((row, i) => {
    taken.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return taken;
}

/**
 * Refuses what cannot be explained.
 *
 * @throws RangeError that says what was expected and what came
 */
export function checkExamples(where: string, examples: Examples, { classes, values }: Answers): void {
  const { count, groups } = examples;
  const width = widthOf(examples);
  const fail = (expected: string, got: string) => {
    throw new RangeError(`${where}: expected ${expected}, got ${got}.`);
  };
  if (count < 10) fail("at least 10 examples", String(count));
  if (groups < 2) fail("examples of at least two groups, to choose from", String(groups));
  if (examples.values.length !== count * width) {
    fail(`${count} x ${width} values of examples`, String(examples.values.length));
  }
  if (classes < 2) fail("answers of at least two classes", String(classes));
  checkValues(examples, fail);
  checkProbabilities(where, "answers", values, [count, classes]);
}

/**
 * Refuses what are no probabilities `[count, classes]`.
 *
 * @param what they are, in words
 */
export function checkProbabilities(
  where: string,
  what: string,
  values: Float32Array,
  [count, classes]: readonly [number, number],
): void {
  if (values.length !== count * classes) {
    throw new RangeError(
      `${where}: expected ${what} that are ${count} x ${classes} probabilities, got ${values.length}.`,
    );
  }
  for (let row = 0; row < count; row++) {
    const own = values.subarray(row * classes, (row + 1) * classes);
    const sum = own.reduce((a, b) => a + b, 0);
    if (own.every((p) => p >= 0) && Math.abs(sum - 1) <= 1e-3) continue;
    const got = Array.from(own, shown).join(", ");
    throw new RangeError(
      `${where}: expected ${what} that are probabilities, which sum to 1, got [${got}] of example ${row}.`,
    );
  }
}

function checkValues(examples: Examples, fail: (expected: string, got: string) => void): void {
  const { values } = examples;
  if (examples.kind === "tokens") {
    const at = (values as Int32Array).findIndex((word) => word < 0 || word >= examples.words);
    if (at >= 0)
      fail(`tokens from 0 to ${examples.words - 1}`, `${values[at]} in example ${Math.floor(at / examples.groups)}`);
    return;
  }
  const at = (values as Float32Array).findIndex((value) => !Number.isFinite(value));
  if (at >= 0) fail("finite numbers", `${values[at]} in example ${Math.floor(at / examples.features)}`);
  const isUsed = new Uint8Array(examples.groups);
  for (const group of examples.groupOf) isUsed[group] = 1;
  const unused = isUsed.indexOf(0);
  if (examples.groupOf.length !== examples.features || isUsed.length !== examples.groups || unused >= 0) {
    fail(
      `${examples.features} features, each of one of ${examples.groups} groups`,
      unused < 0 ? "others" : `none of group ${unused}`,
    );
  }
}

function shown(probability: number): string {
  return String(Number(probability.toPrecision(4)));
}
