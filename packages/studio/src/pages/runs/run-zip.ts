/** A kept training as a run folder, which the command line evaluates and resumes. */

import { CHECKPOINT, CONFIG, METRICS, RESULT } from "@softdraw/lab/runs/names";
import { strToU8, type Zippable, zipSync } from "fflate";
import type { KeptRun } from "../../kept.svelte.ts";

/** @param version Softdraw's */
export function runZip(run: KeptRun, checkpoint: Uint8Array, version: string): Uint8Array<ArrayBuffer> {
  const { name, experiment, module, created, command, config, records, results, state } = run;
  const devices = [{ device: "wasm", epoch: records[0]?.epoch ?? 1 }];
  const text = (value: unknown) => strToU8(`${JSON.stringify(value, null, 2)}\n`);
  const files: Zippable = {
    [CONFIG]: text({ experiment, module, version, created, command, config, devices }),
    [METRICS]: strToU8(records.map((record) => `${JSON.stringify(record)}\n`).join("")),
    // Numbers that were learned do not get smaller.
    [CHECKPOINT]: [checkpoint, { level: 0 }],
    ...(state === "finished" && { [RESULT]: text({ results }) }),
  };
  return zipSync({ [name]: files }) as Uint8Array<ArrayBuffer>;
}
