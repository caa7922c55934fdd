/** What the page and the engine's thread say to each other about devices. */

export const deviceChoices = ["auto", "wasm", "webgpu"] as const;

/** What the user wants: `auto` is WebGPU where a graphics card answers, else WebAssembly. */
export type DeviceChoice = (typeof deviceChoices)[number];

export interface EngineFacts {
  readonly device: "wasm" | "webgpu";
  /** That compute: of WebAssembly those of the engine's pool. */
  readonly threads: number;
  /** Why it is not WebGPU. */
  readonly whyNotWebgpu?: string;
  /** Why it is not more threads. */
  readonly whyOneThread?: string;
}
