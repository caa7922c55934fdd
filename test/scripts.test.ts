/** npm keeps options for itself unless they come after a `--` of their own: so `npm run studio -- --port 5199` needs two. */

import { expect, test } from "vitest";
import root from "../package.json" with { type: "json" };

test.each(["studio", "bench"] as const)("npm run %s passes options on to the program that it runs", (name) => {
  expect(root.scripts[name]).toMatch(/^npm run \w+ --workspace=@softdraw\/\w+ --$/);
});
