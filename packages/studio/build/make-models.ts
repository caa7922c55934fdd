/**
 * Makes the models that come with the page, and keeps them where the page is built from.
 *
 *     npm run models
 */

import { prepareThreads, useDevice } from "@softdraw/lab/training/engine";
import { shippedValues } from "../src/lab/shipped.ts";
import { MODELS } from "./models.ts";

// Before the engine is imported.
prepareThreads([]);
await useDevice("wasm");
const { makeModel } = await import("./make-model.ts");
for (const [name, values] of Object.entries(shippedValues)) {
  await makeModel({ folder: MODELS, name, values, tell: (line) => console.log(line) });
}
