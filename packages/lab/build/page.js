// @ts-check
// Takes the built page into this package, whose server serves it.
import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const built = new URL("dist/", import.meta.resolve("@softdraw/studio/package.json"));
const own = new URL("../page/", import.meta.url);
if (!existsSync(built)) throw new Error("The page is not built. Build it with: npm run build");
await rm(own, { recursive: true, force: true });
await cp(fileURLToPath(built), fileURLToPath(own), { recursive: true });
