import { countNames, parseJson } from "@softdraw/experiments/json";
import { expect, test } from "vitest";

test("a byte-order mark is no part of a text", () => {
  expect(parseJson('\uFEFF{"a":[1,"\\"]["]}')).toEqual({ a: [1, '"]['] });
});

test.each([
  ["lists", "[".repeat(100_000) + "]".repeat(100_000)],
  ["objects", '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000)],
  ["lists without an end", "[".repeat(1_000_000)],
])("%s that are nested without measure are refused by a message, not by the stack", (_, text) => {
  expect(() => parseJson(text)).toThrow("Nested more than 64 deep");
});

test("brackets in texts are not nested", () => {
  const text = JSON.stringify("[".repeat(1000));
  expect(parseJson(text)).toBe("[".repeat(1000));
});

test.each([
  ['{"a":1,"a":2}', 2],
  ['{"a":{"b":":"},"c":["d:",{"e\\"":1}]}', 4],
  ["[1,2]", 0],
])("%s has %i names", (text, names) => {
  expect(countNames(text)).toBe(names);
});

test("a long text takes no stack", () => {
  expect(countNames(JSON.stringify({ long: "x".repeat(2 ** 23) }))).toBe(1);
});
