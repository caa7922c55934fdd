/** On a terminal, which `script` of util-linux pretends to be. */

import { spawnSync } from "node:child_process";
import { PROGRAM } from "@softdraw/testing/program";
import { describe, expect, test } from "vitest";
import { call, onlyRun, startCommand, tinyNeighbours, tinyTraining, useFolder } from "./support.ts";

const folder = useFolder();
const hasScript = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

const quoted = (words: string[]) => words.map((word) => `'${word}'`).join(" ");

/** The program on a terminal; its standard input is the keyboard. */
const onTerminal = (home: string, ...args: string[]) =>
  startCommand(home, "script", ["-qec", quoted([process.execPath, PROGRAM, ...args]), "/dev/null"]);

const CTRL_C = "\u0003";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** The terminal is left with its cursor, whatever was drawn before. */
function expectCursor(out: string): void {
  expect(out).toContain(HIDE_CURSOR);
  expect(out.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(out.lastIndexOf(HIDE_CURSOR));
}

// Other systems have another `script`, or none.
describe.skipIf(!hasScript)("on a terminal", () => {
  test("a bar shows epoch, step, loss, examples a second and the time left, between the rows of the table", async () => {
    const { code, out } = await onTerminal(await folder.fresh(), ...tinyTraining(folder.path(), 3, "--network", "deep"))
      .finished;
    expect(code).toBe(0);
    expect(out).toMatch(/epoch [123]\/3 [=-]+ [1234]\/4 {2}loss \d+\.\d\d {2}[\d,]+ examples\/s {2}\d+:\d\d left/);
    for (const epoch of [1, 2, 3]) expect(out).toMatch(new RegExp(`(^|\\[2K)${epoch}( +-?[\\d,.]+){9}\\r$`, "m"));
    expectCursor(out);
  });

  test("Ctrl-C during training says what happens, saves, and leaves the terminal in order", async () => {
    const home = await folder.fresh();
    const { child, finished, output } = onTerminal(home, ...tinyTraining(folder.path(), 10_000));
    await output("examples/s", 12);
    child.stdin!.write(CTRL_C);
    const { code, out } = await finished;
    expect(code).toBe(130);
    expect(out).toContain("Stopping after this step. Once more stops at once.");
    expect(out).toMatch(/Saved after step \d of epoch \d+\. Continue with: softdraw resume runs\/vae-/);
    expectCursor(out);
  });

  test("Ctrl-C during an evaluation ends it, and leaves the terminal in order", async () => {
    const home = await folder.fresh();
    await call(home, ...tinyTraining(folder.path(), 1));
    const run = await onlyRun(home);
    const { child, finished, output } = onTerminal(home, "eval", run, "--importance-samples", "1000000");
    await output("evaluating", 2);
    child.stdin!.write(CTRL_C);
    const { code, out } = await finished;
    expect(code).toBe(130);
    expectCursor(out);
  });

  test("a bar shows the share of an evaluation of nearest neighbours that is done", async () => {
    const home = await folder.fresh();
    await call(home, ...tinyNeighbours(folder.path(), 1));
    const { code, out } = await onTerminal(home, "eval", await onlyRun(home)).finished;
    expect(code).toBe(0);
    expect(out).toMatch(/evaluating [=-]+ 100 %/);
    expect(out).toMatch(/test accuracy +\d+\.\d\d %/);
    expectCursor(out);
  });
});
