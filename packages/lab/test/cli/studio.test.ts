import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { call, softdraw, start, useFolder } from "./support.ts";

const folder = useFolder();
const isBuilt = existsSync(fileURLToPath(new URL("../../page/index.html", import.meta.url)));

test.runIf(!isBuilt)("a page that is not built is an error that says how to build it", async () => {
  const { code, out, err } = await softdraw(folder.path(), "studio", "--port", "0");
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(/^error: The page is not built: there is no index.html in .*\. Build it with: npm run build\n$/);
});

describe.runIf(isBuilt)("the built page", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("is served until %s", async (signal) => {
    const { child, finished, output } = start(folder.path(), "studio", "--port", "0");
    let printed = "";
    child.stdout!.on("data", (part) => {
      printed += part;
    });
    await output("Ctrl-C ends it.");
    const [, url] = /^Studio: (http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(printed)!;
    expect(printed).toContain(`Runs:   ${folder.path("runs")}\n`);
    expect(await (await fetch(url!)).text()).toContain("<title>Softdraw studio</title>");
    expect(await (await fetch(`${url}api/runs`)).json()).toEqual({ runs: [], damaged: [], notes: [], isThere: false });
    child.kill(signal);
    expect(await finished).toMatchObject({ code: 0, err: "" });
  });

  test("--host lets others in, and says so", async () => {
    const { child, finished, output } = start(folder.path(), "studio", "--port", "0", "--host", "0.0.0.0");
    await output("Ctrl-C ends it.");
    child.kill("SIGINT");
    const warning = `Warning: whoever reaches 0.0.0.0 can read the runs in ${folder.path("runs")}.\n`;
    expect(await finished).toMatchObject({ code: 0, err: warning });
  });
});

test("a port that is none is a wrong call", async () => {
  const { code, err } = await call(folder.path(), "studio", "--port", "70000");
  expect(code).toBe(2);
  expect(err).toContain("Expected a whole number of at least 0 and at most 65535.");
});

test("what is no module of an experiment is a wrong call", async () => {
  for (const [given, got] of [
    ["./absent.mjs", "no such file"],
    ["vae", "another name"],
  ] as const) {
    const { code, err } = await call(folder.path(), "studio", given);
    expect({ code, err }).toEqual({
      code: 2,
      err: `error: ${given}: expected the module of an experiment, such as ./mine.mjs, got ${got}.\n`,
    });
  }
});
