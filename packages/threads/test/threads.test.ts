import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import fc from "fast-check";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { piecesOf } from "../src/crew.ts";
import { defaultThreads } from "../src/index.ts";

const HOME = fileURLToPath(new URL("../", import.meta.url));
const program = new URL("./threads-program.ts", import.meta.url);

/** Starts the sources without anything of the test runner's. */
const START = `await import(${JSON.stringify(program.href)});`;

const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});

interface Computed {
  helpers: number;
  sum: number;
  threads: number;
  fallback?: string;
  digests: Record<string, string>;
}

/** What the program computes; the promise resolves when the program has ended by itself. */
async function compute(threads: number, rounds: number): Promise<Computed> {
  const arguments_ = [...RUN_SOURCES, "--input-type=module", "--eval", START, "--", `${threads}`, `${rounds}`];
  const child = spawn(process.execPath, arguments_, { cwd: HOME, stdio: ["ignore", "pipe", "inherit"] });
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
const UNDER_LOAD = 10;

describe("threads", () => {
  test("two or three give the bits that one gives, and let the program end", async () => {
    const one = await compute(1, ROUNDS);
    expect(one).toMatchObject({ helpers: 0, threads: 1, sum: 10 });
    expect(new Set(Object.values(one.digests)).size).toBe(Object.keys(one.digests).length);
    for (const threads of [2, 3]) {
      expect(await compute(threads, ROUNDS)).toEqual({ ...one, threads, helpers: threads - 1 });
    }
  });

  test("they do so round after round while other programs take the cores", async () => {
    const { digests } = await compute(1, UNDER_LOAD);
    burn();
    burn();
    expect(await compute(2, UNDER_LOAD)).toMatchObject({ digests, helpers: 1, threads: 2 });
  });

  test("the engine's own pool works, too, should it make one", async () => {
    const { digests } = await compute(1, 1);
    const own = await compute(0, 1);
    expect(own.helpers).toBeGreaterThan(0);
    expect(own).toMatchObject({ digests, sum: 10, threads: 1 });
  });

  test("the default is a few", () => {
    expect(defaultThreads()).toBeGreaterThanOrEqual(1);
    expect(defaultThreads()).toBeLessThanOrEqual(4);
  });
});

describe("the pieces of a kernel", () => {
  test("are two a thread, of whole units that are as many as can be in each", () => {
    expect(piecesOf(100 * 512, 4 * 512, 2)).toEqual([0, 24, 52, 76, 100].map((row) => row * 512));
  });

  test("are as many as there are units, where those are few", () => {
    expect(piecesOf(96, 32, 2)).toEqual([0, 32, 64, 96]);
    expect(piecesOf(32, 32, 2)).toEqual([0, 32]);
  });

  test("are one, if the fast loop serves a part of the outputs only", () => {
    expect(piecesOf(10_007, 4, 2)).toEqual([0, 10_007]);
  });

  test("without a unit fill lines of the cache, but for the end", () => {
    expect(piecesOf(10_007, undefined, 2)).toEqual([0, 2496, 5008, 7504, 10_007]);
    expect(piecesOf(15, undefined, 2)).toEqual([0, 15]);
  });

  test("cover the whole in order, in whole units, and differ by a unit", () => {
    const [units, unit, threads] = [fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 999 }), fc.nat(6)];
    fc.assert(
      fc.property(units, unit, threads, (units, unit, others) => {
        const bounds = piecesOf(units * unit, unit, 2 + others);
        expect([bounds[0], bounds.at(-1)]).toEqual([0, units * unit]);
        const sizes = bounds.slice(1).map((end, i) => (end - bounds[i]!) / unit);
        expect(sizes.every((size) => Number.isInteger(size) && size >= 1)).toBe(true);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
