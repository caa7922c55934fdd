/** Which device `--device auto` is. */

import { installWebgpu, type WebgpuAdapter, WebgpuUnavailable } from "@softdraw/threads/webgpu";

/** What is to be computed. */
export interface Work {
  /** The experiment's name. */
  readonly experiment: string;
  /** Its configuration, which may have a `batch`. */
  readonly config: object;
}

/**
 * Examples a step from which a graphics card is taken. A step costs some 0.1 ms on the card for each of its hundreds of
 * kernels, however few numbers there are in them, so small batches are faster on WebAssembly.
 *
 * From one measurement, an NVIDIA H200 and four threads of WebAssembly on slow cores: at these batches the card took a
 * half of their time or less. With another card or faster cores, the border is elsewhere. Sorting and graphs were not measured.
 */
const CARD_FROM: Readonly<Record<string, number>> = { vae: 100, dknn: 100, explain: 100, jigsaw: 128 };

/**
 * A graphics card for steps that are large enough; never a program in its place, which is slower than WebAssembly.
 *
 * @param findAdapter what there is on this machine
 */
export async function likelyFastest(
  work: Work | undefined,
  findAdapter: () => Promise<WebgpuAdapter> = installWebgpu,
): Promise<"webgpu" | "wasm"> {
  return isLarge(work) && (await hasCard(findAdapter)) ? "webgpu" : "wasm";
}

/** Whether there is a graphics card that can be computed on. */
export async function hasCard(findAdapter: () => Promise<WebgpuAdapter> = installWebgpu): Promise<boolean> {
  try {
    return !(await findAdapter()).software;
  } catch (error) {
    if (error instanceof WebgpuUnavailable) return false;
    throw error;
  }
}

function isLarge(work: Work | undefined): boolean {
  if (work === undefined) return false;
  const batch = batchOf(work.config);
  const from = CARD_FROM[work.experiment];
  return batch !== undefined && from !== undefined && batch >= from;
}

/** Examples a step; undefined where a configuration has no such thing. */
export function batchOf(config: object): number | undefined {
  return "batch" in config && typeof config.batch === "number" ? config.batch : undefined;
}
