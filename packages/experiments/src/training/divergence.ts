/** Trainings that diverge: a number of what a step measured, of the state or of an epoch's record is none. */

import { firstNotFinite } from "../checkpoint/finite.ts";
import type { Tensor } from "../checkpoint/safetensors.ts";
import type { EpochRecord } from "../columns.ts";

/** Where a training was when it diverged, and what of it is no finite number. */
export interface Divergence {
  readonly epoch: number;
  readonly step: number;
  /** Such as `the loss` or `the state's model.hidden.weight`. */
  readonly what: string;
  /** `NaN`, `Infinity` or `-Infinity`: text, because JSON has none of them. */
  readonly value: string;
}

/** Ends a training that diverged: nothing is to be had from going on. */
export class Diverged extends Error implements Divergence {
  override readonly name = "Diverged";
  readonly epoch: number;
  readonly step: number;
  readonly what: string;
  readonly value: string;

  constructor(what: string, value: number, { epoch, step }: Place) {
    const divergence = { epoch, step, what, value: String(value) };
    super(
      `The training diverged: ${describeDivergence(divergence)}. A lower learning rate or a higher temperature may train.`,
    );
    ({ epoch: this.epoch, step: this.step, what: this.what, value: this.value } = divergence);
  }
}

/** After how many steps of which epoch. */
interface Place {
  readonly epoch: number;
  readonly step: number;
}

/** Such as `the loss is NaN at epoch 2, step 31`. */
export function describeDivergence({ epoch, step, what, value }: Divergence): string {
  return `${what} is ${value} at epoch ${epoch}, step ${step}`;
}

/** Refuses what a step measured, the loss first. */
export function checkMeasured(measured: readonly number[], place: Place): void {
  const wrong = measured.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new Diverged(wrong === 0 ? "the loss" : `number ${wrong + 1} of the step`, measured[wrong]!, place);
}

/** The state, refused if it is not to be saved. Every number is looked at: it is read for its checkpoint anyway. */
export function finiteState<State extends Readonly<Record<string, Tensor>>>(tensors: State, place: Place): State {
  for (const [name, { data }] of Object.entries(tensors)) {
    const wrong = firstNotFinite(data);
    if (wrong !== undefined) throw new Diverged(`the state's ${name}`, wrong, place);
  }
  return tensors;
}

/** An epoch's record, refused if it is not to be saved. What was not measured is not in it. */
export function finiteRecord(record: EpochRecord, place: Place): EpochRecord {
  for (const [key, value] of Object.entries(record)) {
    if (value !== undefined && !Number.isFinite(value)) throw new Diverged(`the epoch's ${key}`, value, place);
  }
  return record;
}
