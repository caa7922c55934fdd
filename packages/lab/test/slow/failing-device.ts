/**
 * The command line on a device that fails, in the way that the first argument says, once the run whose folder the second one names
 * has a checkpoint. The other arguments are the command's.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../src/cli/main.ts";

const [way, runs, ...command] = process.argv.slice(2);
const hasCheckpoint = () =>
  existsSync(runs!) && readdirSync(runs!).some((run) => existsSync(join(runs!, run, "checkpoint.safetensors")));

const watching = setInterval(async () => {
  if (!hasCheckpoint()) return;
  clearInterval(watching);
  const { getWebGPUDevice } = await import("@jax-js/jax");
  const device = getWebGPUDevice();
  if (way === "lost") device.destroy();
  else {
    const error = new GPUOutOfMemoryError("there is none");
    device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
  }
}, 10);
process.exitCode = await main(command);
clearInterval(watching);
