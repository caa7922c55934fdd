import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choiceField, fixed, listField, matrixField, numberField, shown, wholeField } from "../src/fields.ts";

const range = { from: -5, to: 5 };

describe("settings as text", () => {
  test("come back as they were written", () => {
    const entry = fc.integer({ min: -500, max: 500 }).map((x) => x / 100);
    const list = listField([0], range, { from: 1, to: 8 });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (values) => {
        expect(list.parse(list.format(values)).map((x) => x + 0)).toEqual(values.map((x) => x + 0));
      }),
    );
    const square = fc.integer({ min: 2, max: 6 }).chain((n) => {
      const row = fc.array(entry, { minLength: n, maxLength: n });
      return fc.array(row, { minLength: n, maxLength: n });
    });
    const matrix = matrixField([], range, { from: 2, to: 12 });
    fc.assert(
      fc.property(square, (values) => {
        expect(
          matrix
            .parse(matrix.format(values))
            .flat()
            .map((x) => x + 0),
        ).toEqual(values.flat().map((x) => x + 0));
      }),
    );
  });

  test("a matrix is taken as a spreadsheet, a program or a person writes it", () => {
    const { parse } = matrixField([], range, { from: 2, to: 12 });
    const expected = [
      [1, 2],
      [3, -4],
    ];
    for (const text of ["1\t2\n3\t-4\n", "1,2;3,-4", "[[1, 2],\n [3, -4]]", "1 2\r\n3  -4"]) {
      expect(parse(text), text).toEqual(expected);
    }
  });

  test.each([
    [numberField(1, range), "", 'expected a number from −5 to 5, got "".'],
    [numberField(1, range), "6", 'expected a number from −5 to 5, got "6".'],
    [numberField(1, range), "NaN", 'expected a number from −5 to 5, got "NaN".'],
    [wholeField(1, range), "1.5", 'expected a whole number from −5 to 5, got "1.5".'],
    [choiceField("a", ["a", "b"]), "c", 'expected a or b, got "c".'],
    [listField([1, 2], range, { from: 2, to: 3 }), "1", "expected 2 to 3 numbers separated by commas, got 1."],
    [listField([1, 2], range, { from: 2, to: 2 }), "1,x", 'expected a number from −5 to 5, got "x".'],
    [
      matrixField([], range, { from: 2, to: 3 }),
      "1,2;3",
      "expected as many entries in every row as there are rows, 2; row 2 has 1.",
    ],
    [matrixField([], range, { from: 2, to: 3 }), "1", "expected 2 to 3 rows, got 1."],
  ])("what is none is refused: %#", (field, text, message) => {
    expect(() => field.parse(text)).toThrow(message);
  });
});

test("what rounds to zero has no sign", () => {
  expect([-0.0004, -0, 0.0004, -0.0005].map((value) => fixed(value, 3))).toEqual(["0.000", "0.000", "0.000", "−0.001"]);
  expect([shown(-0), shown(-1.5)]).toEqual(["0", "−1.5"]);
});
