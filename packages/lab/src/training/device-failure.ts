/** What to say of a training whose device failed: what is kept of it, and how it goes on. */

import type { BaseConfig } from "@softdraw/experiments/experiment";
import { WebgpuFailure, type WebgpuFailureKind } from "@softdraw/threads/webgpu";
import type { Run } from "../runs/run.ts";
import { placeIn } from "./divergence.ts";
import { batchOf } from "./fastest-device.ts";

/** The device can compute nothing more in this process. */
export class DeviceFailed extends Error {}

/**
 * Says of a failure of the device what becomes of the run; of any other, nothing.
 *
 * @throws whatever `work` does, in place of a WebgpuFailure a DeviceFailed
 */
export async function explainingDevice<T>(run: Run, config: BaseConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WebgpuFailure)) throw error;
    throw new DeviceFailed(`${run.path}: ${error.message}. ${await kept(run)} ${goOn(run, config, error.kind)}`, {
      cause: error,
    });
  }
}

async function kept(run: Run): Promise<string> {
  const checkpoint = await run.loadCheckpoint();
  return checkpoint ? `Its last checkpoint is kept${placeIn(checkpoint)}.` : "It had no checkpoint yet.";
}

function goOn({ path }: Run, config: BaseConfig, kind: WebgpuFailureKind): string {
  const resume = `softdraw resume ${path}`;
  if (kind === "lost") return `Continue with: ${resume}`;
  const batch = batchOf(config) ?? 1;
  const smaller = batch > 1 ? `Train with a smaller --batch than ${batch}, or continue` : "Continue";
  return `${smaller} on another device: ${resume} --device wasm`;
}
