import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { defaultThreads } from "../../src/engine/threads.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const program = new URL("./threads-program.ts", import.meta.url);

/** Starts the sources as bin/softdraw.js does, without anything of the test runner's. */
const START = `
  import { register } from "tsx/esm/api";
  register({ tsconfig: ${JSON.stringify(`${ROOT}tsconfig.json`)} });
  await import(${JSON.stringify(program.href)});
`;

const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});

interface Computed {
  workers: number;
  digests: Record<string, string>;
}

/** What the program computes; the promise resolves when the program has ended by itself. */
async function compute(threads: number, rounds: number): Promise<Computed> {
  const arguments_ = ["--input-type=module", "--eval", START, "--", `${threads}`, `${rounds}`];
  const child = spawn(process.execPath, arguments_, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  expect(await once(child, "close")).toEqual([0, null]);
  return JSON.parse(output);
}

/** Keeps a core busy until the test is over. */
function burn(): void {
  const child = spawn(process.execPath, ["--eval", "for (;;);"], { stdio: "ignore" });
  children.add(child);
  onTestFinished(() => void child.kill("SIGKILL"));
}

const ROUNDS = 3;
const UNDER_LOAD = 30;

describe("threads", () => {
  test("two or three give the bits that one gives, and let the program end", async () => {
    const one = await compute(1, ROUNDS);
    expect(one.workers).toBe(0);
    expect(new Set(Object.values(one.digests)).size).toBe(Object.keys(one.digests).length);
    for (const threads of [2, 3]) expect(await compute(threads, ROUNDS)).toEqual({ ...one, workers: threads });
  });

  test("they do so round after round while other programs take the cores", async () => {
    const { digests } = await compute(1, UNDER_LOAD);
    burn();
    burn();
    expect(await compute(2, UNDER_LOAD)).toEqual({ digests, workers: 2 });
  });

  test("the default is a few", () => {
    expect(defaultThreads()).toBeGreaterThanOrEqual(1);
    expect(defaultThreads()).toBeLessThanOrEqual(4);
  });
});
