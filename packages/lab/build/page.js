// @ts-check
// Takes the built page into this package, whose server serves it.
import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const built = new URL("dist/", import.meta.resolve("@softdraw/studio/package.json"));
const own = new URL("../page/", import.meta.url);
await rm(own, { recursive: true, force: true });
await cp(fileURLToPath(built), fileURLToPath(own), { recursive: true });
