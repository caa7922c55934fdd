/** Which data the page has: the embedded digits, and what the reader has given it. */

import { type DatasetSplits, generated } from "@softdraw/experiments/data/types";
import type { BaseConfig } from "@softdraw/experiments/experiment";
import { loadDigits } from "../data/digits.ts";
import { readOwnData, type Shape } from "../data/own.ts";
import type { Values } from "./catalog.ts";

export interface DataFacts {
  readonly name: string;
  readonly train: number;
  readonly test: number;
  readonly height: number;
  readonly width: number;
  readonly isColoured: boolean;
  /** What the labels mean, where classes have names. */
  readonly classNames: readonly string[];
  readonly leftOut: readonly string[];
}

let digits: Promise<DatasetSplits> | undefined;

/** All that was given, by name: a model may have been trained on what is not trained on now. */
const given = new Map<string, DatasetSplits>();

/** What is trained on in place of the digits. */
let chosen: Values | undefined;

/** Has the next trainings learn from files. */
export async function useFiles(files: readonly File[], shape: Shape): Promise<DataFacts> {
  const { splits, leftOut } = await readOwnData(files, shape);
  const { name, train, test } = splits;
  const { height, width, channels = 1, classNames = [] } = train;
  given.set(name, splits);
  chosen = { data: name };
  return { name, train: train.count, test: test.count, height, width, isColoured: channels === 3, classNames, leftOut };
}

export function useDigits(): void {
  chosen = undefined;
}

/** The values of a form with the data that is trained on. */
export function withChosenData(values: Values, takesData: boolean): Values {
  return takesData && chosen ? { ...values, ...chosen } : values;
}

/** Whether the data of a configuration is here: made by the experiment, embedded, or given. */
export function isHere({ data }: Pick<BaseConfig, "data">): boolean {
  return data === undefined || data === "digits" || given.has(data);
}

/** For a model of data that is not here, the digits stand in. */
export async function dataFor({ data }: Pick<BaseConfig, "data">): Promise<DatasetSplits> {
  if (data === undefined) return generated;
  const own = given.get(data);
  if (own) return own;
  digits ??= loadDigits();
  return digits;
}
