/** The programs of docs/engine-webgpu.md print what is shown there, on a software adapter: each in a process of its own. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { describe, expect, test } from "vitest";
import { parseMarkdown } from "./documents/markdown.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const path = "docs/engine-webgpu.md";
const { blocks } = parseMarkdown(path, readFileSync(root + path, "utf8"));
const [beginning, ...programs] = blocks
  .filter(({ language }) => language === "js")
  .map(({ line, lines }) => ({
    line,
    source: lines.join("\n"),
    printed: lines.flatMap((text) => text.split("// prints: ").slice(1)),
  }));

test("every program shows what it prints", () => {
  expect(programs.length).toBeGreaterThan(5);
  expect(programs.filter(({ printed }) => printed.length === 0)).toEqual([]);
});

/** What a program prints, told from what Dawn does. */
const MARKED = `
  import { format } from "node:util";
  console.log = (...values) => process.stdout.write("// prints: " + format(...values) + "\\n");
`;

describe.skipIf(lacksWebgpu("What docs/engine-webgpu.md says of the engine"))(path, () => {
  test.each(programs)("the program in line $line", ({ source, printed }) => {
    const program = `${MARKED}\n${beginning!.source}\n${source}\nprocess.exit();`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, ...SOFTWARE_ADAPTER },
    });
    const found = stdout.split("\n").flatMap((text) => text.split("// prints: ").slice(1));
    expect({ printed: found, status }, stderr).toEqual({ printed, status: 0 });
  });
});
