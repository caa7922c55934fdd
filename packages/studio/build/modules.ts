/** What code that is written in the page can import, by the names that it has in any program. */

import { readdirSync } from "node:fs";
import { basename } from "node:path";
import type { Plugin } from "vite";

const MODULE = "virtual:modules";

/** Of the experiments: what its users import. All else is reachable elsewhere, and may change without notice. */
export const EXPERIMENT_MODULES: readonly string[] = [
  "define",
  "trained",
  "explain/explain",
  "explain/answers/index",
  "select/problem",
  "select/study",
  "select/table",
  "checkpoint/described",
  "checkpoint/safetensors",
  "data/types",
  "sorting/index",
  ...layers(),
];

/** Each with the name by which the page finds it. */
const PLACES: Readonly<Record<string, string>> = {
  softdraw: "softdraw",
  "@jax-js/jax": "@jax-js/jax",
  "@softdraw/threads": "@softdraw/threads/page",
  ...Object.fromEntries(
    EXPERIMENT_MODULES.map((module) => [`@softdraw/experiments/${module}`, `@softdraw/experiments/${module}`]),
  ),
};

/** Whether the page has a module. */
export function isInPage(name: string): boolean {
  return name in PLACES;
}

/** Answers `import modules from "virtual:modules"` with the modules by their names. They are those that the page itself runs. */
export function modules(): Plugin {
  return {
    name: "modules",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      const places = Object.entries(PLACES);
      const imports = places.map(([, place], i) => `import * as module${i} from ${JSON.stringify(place)};`);
      const names = places.map(([name], i) => `${JSON.stringify(name)}: module${i}`);
      return `${imports.join("\n")}\nexport default { ${names.join(", ")} };`;
    },
  };
}

function layers(): string[] {
  const folder = new URL("./", import.meta.resolve("@softdraw/experiments/nn/dense"));
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `nn/${basename(name, ".ts")}`);
}
