/** Programs of the reader's: as they are compiled, packed into addresses and printed; and those that the page offers. */

import { numpy as np } from "@jax-js/jax";
import { deflateSync, strToU8, zlibSync } from "fflate";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { codeField, packCode, unpackCode } from "../src/pages/play/packed-code.ts";
import { compile } from "../src/programs/compile.ts";
import { printingConsole } from "../src/programs/printing.ts";

describe("a program", () => {
  test("keeps its lines without its types, and says what it imports", () => {
    const source = [
      'import { jit, type Device } from "@jax-js/jax";',
      'import type { Structure } from "softdraw";',
      "interface Pair {",
      "  a: number;",
      "}",
      "const pair = { a: 1 } as Pair;",
      'const { subset } = await import("softdraw");',
      "console.log(jit, pair, subset);",
    ].join("\n");
    const { code, imports } = compile(source);
    const lines = code.split("\n");
    expect(lines[5]!.trim()).toBe("const pair = { a: 1 } ;");
    expect(lines[7]).toContain("console.log(");
    expect(imports).toEqual(["@jax-js/jax", "softdraw"]);
  });

  test("that is none is refused with its line", () => {
    expect(() => compile("const a = 1;\nconst = 2;")).toThrow(
      expect.objectContaining({ name: "SyntaxError", line: 2 }),
    );
  });
});

describe("code in an address", () => {
  test("is what it was, in letters that an address keeps", () => {
    const code = `const name = "${"äé→😀".repeat(50)}";\n`;
    const packed = packCode(code)!;
    expect(packed).toMatch(/^[\w-]+$/);
    expect(unpackCode(packed)).toBe(code);
    expect(codeField.parse(codeField.format(code))).toBe(code);
  });

  test("is bounded, packed and unpacked", () => {
    // Numbers without a pattern do not get much shorter.
    const long = Array.from({ length: 5000 }, (_, i) => Math.sin(i)).join();
    expect(packCode(long)).toBeUndefined();
    expect(codeField.format(long)).toBe("");
    expect(packCode("a".repeat(60_000))).toBeUndefined();
    const tooLong = btoa(String.fromCharCode(...deflateSync(strToU8("a".repeat(60_000)))));
    expect(() => unpackCode(tooLong)).toThrow("at most 50000 characters of code, got 60000");
    expect(() => unpackCode("a".repeat(9000))).toThrow("at most 8000 characters of packed code");
    const other = btoa(String.fromCharCode(...zlibSync(new Uint8Array(8))));
    for (const wrong of ["!", "abc", other]) expect(() => unpackCode(wrong)).toThrow("cut or changed");
  });
});

describe("what is printed", () => {
  const prints: string[][] = [];
  const own = printingConsole((kind, text) => prints.push([kind, text]));
  const printed = (print: () => void) => {
    prints.length = 0;
    print();
    return prints;
  };

  test("is text as Node.js has it, and arrays are numbers that stay as they are", () => {
    const array = np.array([0.1, 0.2]);
    expect(printed(() => own.log("%d of", 1, { array }, [1, "a"]))).toEqual([
      ["plain", "1 of { array: float32[2] [ 0.1, 0.2 ] } [ 1, 'a' ]"],
    ]);
    expect(array.js()).toEqual([Math.fround(0.1), Math.fround(0.2)]);
    expect(printed(() => own.warn(array))[0]![0]).toBe("warning");
    expect(prints[0]![1]).toMatch(/^array \(.*\)$/);
  });

  test("has whole numbers with all their digits, groups, counts and what does not hold", () => {
    const texts = printed(() => {
      own.group("group");
      own.log(np.array([16_777_217], { dtype: np.int32 }));
      own.groupEnd();
      own.count();
      own.count();
      own.assert(1 + 1 === 2, "not told");
      own.assert(false, "told");
    });
    expect(texts).toEqual([
      ["plain", "group"],
      ["plain", "  int32[1] [ 16777217 ]"],
      ["plain", "default: 1"],
      ["plain", "default: 2"],
      ["error", "Assertion failed: told"],
    ]);
  });

  test("is shortened where it is long", () => {
    const text = printed(() => own.log(np.zeros([300, 40])))[0]![1]!;
    expect(text).toContain("float32[300, 40] [");
    expect(text).toContain("... 20 more items");
    expect(text).toContain("... 280 more items");
  });

  test("has an end", () => {
    const many = printed(() => {
      for (let i = 0; i < 2000; i++) own.error(i);
    });
    expect(many.length).toBeLessThan(1001);
    expect(many.at(-1)).toEqual(["warning", "More than 1000 prints: the rest is left out."]);
  });
});

test.each([
  ["one-hot", /^exact float32\[3\] \[ 1, 0, 0 \]/],
  ["exact-subset", /marginals/],
  ["sinkhorn", /the best matching/],
  ["policy", /step 100: it pays (4|5)\./],
  ["training-loop", /step 100: error 0\.[01]/],
])("the example %s does what it says", async (name, last) => {
  const lines: string[] = [];
  const own = printingConsole((_, text) => lines.push(text));
  const log = vi.spyOn(console, "log").mockImplementation(own.log);
  onTestFinished(() => log.mockRestore());
  await import(`../src/pages/play/examples/${name}.ts`);
  expect(lines.join("\n")).toMatch(last);
});
