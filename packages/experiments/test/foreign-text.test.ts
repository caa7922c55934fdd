import { describe, expect, test } from "vitest";
import { z } from "zod";
import { foreignText, foreignValue, printable } from "../src/foreign-text.ts";
import { problemOf } from "../src/problems.ts";

describe("foreign text", () => {
  test("is shown as it is, if it is short and plain", () => {
    for (const text of ["", "a name", "naïve ∞ 🎲", "x".repeat(80), "🎲".repeat(80)])
      expect(foreignText(text)).toBe(text);
  });

  test("is cut to 80 characters, however long it is", () => {
    expect(foreignText("x".repeat(81))).toBe(`${"x".repeat(79)}…`);
    expect(foreignText("🎲".repeat(81))).toBe(`${"🎲".repeat(79)}…`);
    expect(foreignText("x".repeat(10_000_000))).toBe(`${"x".repeat(79)}…`);
    expect(foreignText(`${"\u0007".repeat(1000)}end`)).toBe("…");
    expect(foreignText("abcdef", 4)).toBe("abc…");
  });

  test("stands on one line, without what steers a terminal, turns a line around or cannot be seen", () => {
    const steering = "\u001b[2J\u009b1A\u0007\u202eright\u2066\u200b to left\u2028\ud800";
    expect(foreignText(`a\n\tb\r\n ${steering}`)).toBe("a b [2J1Aright to left");
    expect(printable(`a\n\tb\r${steering}`)).toBe("a\n\tb[2J1Aright to left");
    expect(foreignText("\u001b".repeat(3))).toBe("");
  });

  test("is any value as JSON", () => {
    expect(foreignValue({ a: ["\u001b", null] })).toBe('{"a":["\\u001b",null]}');
    expect(foreignValue(undefined)).toBe("undefined");
    expect(foreignValue(Array.from({ length: 100 }, () => 1))).toHaveLength(80);
  });
});

test("a problem is the first one, where it is, in one short line", () => {
  const schema = z.strictObject({ epoch: z.int().min(1), sums: z.array(z.number()) });
  const problem = (value: unknown) => problemOf(schema.safeParse(value).error!, value);
  expect(problem({ epoch: 1.5, sums: 1 })).toBe("epoch: Expected a whole number, got 1.5");
  expect(problem({ epoch: -5, sums: [] })).toBe("epoch: Expected a number of at least 1, got -5");
  expect(problem({ epoch: 1, sums: [0, "\u001b"] })).toBe('sums.1: Expected a number, got "\\u001b"');
  expect(problem({ epoch: 1, sums: [], "\u001b[2J": 0 })).toBe("unexpected [2J");
  expect(problem(null)).toMatch(/, got null$/);
});
