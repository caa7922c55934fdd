/** What the engine compiles, a call a kernel, where results are read asynchronously. */

import { getWebGPUDevice } from "@jax-js/jax";
import { device } from "@softdraw/testing/device";
import { vi } from "vitest";

export function watchCompilations() {
  return device === "webgpu" ? vi.spyOn(getWebGPUDevice(), "createShaderModule") : vi.spyOn(WebAssembly, "compile");
}
