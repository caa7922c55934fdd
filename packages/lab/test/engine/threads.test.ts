import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { piecesOf } from "../../src/engine/crew.ts";
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

describe("the pieces of a kernel", () => {
  const share = (begin: number, end: number) => ({ begin, end });

  /** As the engine cuts `rows` of a width for some threads: between blocks of rows, a power of two of at most half of all. */
  const engineShares = (rows: number, width: number, threads: number) => {
    const block = 2 ** Math.floor(Math.log2(Math.max(1, Math.min(rows / 2, 128))));
    const length = Math.ceil(rows / threads / block) * block;
    const starts = Array.from({ length: Math.ceil(rows / length) }, (_, i) => i * length);
    return { block, shares: starts.map((row) => share(row * width, Math.min(row + length, rows) * width)) };
  };

  test("100 rows are four of about 25, and not 64 and 36", () => {
    const { shares } = engineShares(100, 512, 2);
    expect(shares).toEqual([share(0, 64 * 512), share(64 * 512, 100 * 512)]);
    expect(piecesOf(shares)).toEqual([0, 24, 52, 76, 100].map((row) => row * 512));
  });

  test("are as many as there are units, where those are few", () => {
    expect(piecesOf([share(0, 64), share(64, 96)])).toEqual([0, 32, 64, 96]);
    expect(piecesOf([share(0, 16)])).toEqual([0, 16]);
  });

  test("of numbers that do not come in fours are the engine's shares", () => {
    expect(piecesOf([share(0, 5008), share(5008, 10_007)])).toEqual([0, 5008, 10_007]);
    expect(piecesOf([share(0, 7)])).toEqual([0, 7]);
  });

  test("cover the whole in order, begin where the engine's loops can, and are no longer than the engine's", () => {
    const [rows, quarters, threads] = [fc.integer({ min: 2, max: 3000 }), fc.nat(300), fc.integer({ min: 2, max: 4 })];
    fc.assert(
      fc.property(rows, quarters, threads, (rows, quarters, threads) => {
        const width = 4 * (quarters + 1);
        const { block, shares } = engineShares(rows, width, threads);
        const bounds = piecesOf(shares);
        expect([bounds[0], bounds.at(-1)]).toEqual([0, rows * width]);
        // The rows that the engine's innermost loop takes at once.
        const together = [4, 2, 1].find((n) => block % n === 0 && rows % n === 0)!;
        for (const [i, begin] of bounds.slice(0, -1).entries()) {
          expect(begin % (together * width)).toBe(0);
          expect(bounds[i + 1]).toBeGreaterThan(begin);
          expect(bounds[i + 1]! - begin).toBeLessThanOrEqual(shares[0]!.end);
        }
      }),
    );
  });
});
