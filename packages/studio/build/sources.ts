/** Packages that are bundled from their sources: nothing needs a build first. */

import { fileURLToPath } from "node:url";

/** A file of another package, as that package lies in the workspace. */
const fileOf = (name: string, path: string) =>
  fileURLToPath(new URL(path, import.meta.resolve(`${name}/package.json`)));

export const sourceAliases = {
  softdraw: fileOf("softdraw", "src/index.ts"),
  "@softdraw/threads/page": fileOf("@softdraw/threads", "src/page.ts"),
  "@softdraw/threads/webgpu": fileOf("@softdraw/threads", "src/webgpu.ts"),
};
