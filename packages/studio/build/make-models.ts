/**
 * Makes the models that come with the page, and keeps them where the page is built from.
 *
 *     npm run models
 */

import { prepareThreads, useDevice } from "@softdraw/lab/training/engine";
import { shipped } from "../src/lab/shipped.ts";
import { MODELS } from "./models.ts";

// Before the engine is imported.
prepareThreads([]);
await useDevice("wasm");
const { makeModel } = await import("./make-model.ts");
for (const [name, wish] of Object.entries(shipped)) {
  await makeModel({ place: MODELS, name, ...wish, tell: (line) => console.log(line) });
}
