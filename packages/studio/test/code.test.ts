/** The code that a page shows is the code that it runs. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { codeParts } from "../src/components/code.ts";

const root = fileURLToPath(new URL("../src/", import.meta.url));

const texts = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(ts|svelte)$/.test(path))
    .map((path) => [path, readFileSync(join(root, path), "utf8")]),
);

/** What is imported as text, with the name that it gets and the page that shows it. */
const shown = [...texts].flatMap(([page, text]) =>
  [...text.matchAll(/import (\w+) from "(.*)\?raw"/g)].map(([, name, module]) => ({
    page,
    name: name!,
    path: join(dirname(page), module!),
  })),
);

describe.each(shown)("$path", ({ page, name, path }) => {
  test("is shown whole", () => {
    expect(texts.get(page)).toMatch(new RegExp(`<CodeBlock\\s[^>]*source=\\{${name}\\}`));
    expect(
      codeParts(texts.get(path)!)
        .map(({ text }) => text)
        .join(""),
    ).toBe(texts.get(path));
  });

  test("runs: all that it exports is used", () => {
    const users = [...texts].filter(([user]) => user !== path);
    for (const [, exported] of texts.get(path)!.matchAll(/^export (?:const|function|type) (\w+)/gm)) {
      const isImported = users.some(([user, text]) =>
        [...text.matchAll(/import (?:type )?\{([^}]*)\} from "([^"]*)"/g)].some(
          ([, names, module]) => join(dirname(user), module!) === path && new RegExp(`\\b${exported}\\b`).test(names!),
        ),
      );
      expect(isImported, exported).toBe(true);
    }
  });
});

test("every page shows its code", () => {
  expect(new Set(shown.map(({ path }) => dirname(path)))).toEqual(
    new Set(["pages/categorical", "pages/codes", "pages/permutations", "pages/start", "pages/subsets", "pages/trees"]),
  );
});
