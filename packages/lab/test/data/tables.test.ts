import { mkdir, writeFile } from "node:fs/promises";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { describeTable, readTable, type TableLimits, type TableReading } from "../../src/data/tables.ts";
import { WrongCall } from "../../src/errors.ts";
import { useTemporaryFolder } from "../runs/temporary-folder.ts";

const folder = useTemporaryFolder();

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const file = folder.path(name);
  await writeFile(file, content);
  return file;
}

async function read(name: string, content: string | Uint8Array, reading?: TableReading, limits?: Partial<TableLimits>) {
  return readTable(await fileOf(name, content), reading, limits);
}

const numbersOf = async (...args: Parameters<typeof read>) =>
  (await read(...args)).columns.map(({ name, values }) => [name, ...Array.from(values)]);

const expected = [
  ["a", 1, 3.5],
  ["b, c", 2, 4],
];

describe("a table of text", () => {
  test.each([
    ["t.csv", 'a,"b, c"\n1,2\n3.5,4\n'],
    ["windows.csv", '\uFEFFa,"b, c"\r\n1,2\r\n3.5,4'],
    ["semicolons.csv", 'a;"b, c"\n1;2\n\n3.5;4\n'],
    ["t.tsv", "a\tb, c\n1\t2\n3.5\t4\n"],
    ["bars.txt", 'a|"b, c"\n1|2\n3.5|4\n'],
  ])("%s is read by its separator, with quotes and ends of lines of any kind", async (name, text) => {
    expect(await numbersOf(name, text)).toEqual(expected);
  });

  test("its separator may be told", async () => {
    expect(await numbersOf("t.csv", "a:b, c\n1:2\n3.5:4\n", { separator: ":" })).toEqual(expected);
  });

  test("quoted cells hold quotes and lines, and the count of lines goes on", async () => {
    const text = 'a,b\n"say ""so""\nand more",1\nx,two\n';
    const { columns } = await read("t.csv", text);
    expect(columns[0]).toMatchObject({ categories: ['say "so"\nand more', "x"] });
    await expect(read("t.csv", text, { numeric: ["b"] })).rejects.toThrow(
      /t\.csv: line 4: column b: expected a number, got "two"\.$/,
    );
  });

  test("dates are days since 1970-01-01, by their time zone, and a day that there is not is no date", async () => {
    const text =
      "day,at,no\n1970-01-02,1970-01-01T12:00+12:00,2021-02-30\n,1970-01-03 06:00,2021-02-01\n2000-02-29,1969-12-31,2021-02-01\n";
    const table = await read("t.csv", text);
    expect(table.columns.map(({ kind }) => kind)).toEqual(["number", "number", "category"]);
    expect(table.columns.slice(0, 2).map(({ values }) => Array.from(values))).toEqual([
      [1, Number.NaN, 11016],
      [0, 2.25, -1],
    ]);
    const { columns } = describeTable(table);
    expect(columns[0]).toEqual({
      ...{ name: "day", kind: "date", different: 2, missing: 1 },
      dates: ["1970-01-02", "2000-02-29"],
    });
    const [day] = (await read("t.csv", text, { categorical: ["day"] })).columns;
    expect(day).toMatchObject({ kind: "category", categories: ["1970-01-02", "2000-02-29"] });
  });

  test("a column without a name is called by its place", async () => {
    const { leftOut } = await read("t.csv", ",b\n0,5\n1,3\n2,3\n");
    expect(leftOut).toEqual([{ name: "column 1", reason: "identifier: it counts the rows" }]);
  });

  test("longer than the pieces that it is read in, it is read whole", async () => {
    const rows = Array.from({ length: 20_000 }, (_, row) => `${row % 7},é${row % 3}`);
    const table = await read("t.csv", `n,ü\n${rows.join("\n")}\n`);
    expect(describeTable(table)).toEqual({
      rows: 20_000,
      columns: [
        { name: "n", kind: "number", different: 7, missing: 0 },
        { name: "ü", kind: "category", different: 3, missing: 0 },
      ],
      leftOut: [],
    });
  });

  test.each([
    ["", "expected a header and rows, got an empty file."],
    [" \n\n", "expected a header and rows, got an empty file."],
    ["a,b\n", "expected rows below the header, got none."],
    ["a,b,a\n1,2,3\n", 'line 1: expected different names of columns, got "a" twice.'],
    ["1,2\n3,4\n", "line 1: expected a header with the names of the columns, got numbers alone."],
    ["a,b\n1,2\n1,2,3\n", "line 3: expected 2 cells, as the header has, got 3."],
    ["a,b\n1,2\n\n1\n", "line 4: expected 2 cells, as the header has, got 1."],
    ['a,b\n1,"2\n3,4\n', 'quotes are doubled (""), got the end of the file.'],
    ['a,b\n"1\n2",3\n\n4,"5\n6,7\n8,9\n', "t.csv: line 5: expected a cell in quotes"],
    ['a,"b\n1,2\n3,4\n', "t.csv: line 1: expected a cell in quotes"],
    ['a,b\n1,"2"x\n', "line 2: expected a cell in quotes that ends with a quote"],
    ["a\0,b\n1,2\n", "expected a table as text, got other bytes."],
  ])("%j is refused in one line", async (text, message) => {
    const reading = read("t.csv", text);
    await expect(reading).rejects.toThrow(WrongCall);
    await expect(reading).rejects.toThrow(/t\.csv: [^\n]+$/);
    await expect(reading).rejects.toThrow(message);
  });

  test("with decimal commas is told so, and a number that is none with its line", async () => {
    const rows = Array.from({ length: 40 }, (_, row) => [`${row},5`, `${(row * 7) % 41}`]);
    const lines = (separator: string) => rows.map((row) => row.join(separator)).join("\n");
    await expect(read("t.csv", `a;b\n${lines(";")}\n`)).rejects.toThrow(
      't.csv: line 2: column a: expected a number with a decimal point, got "0,5" with a comma.',
    );
    const text = `a\tb\n${lines("\t").replaceAll(",", ".")}\n1\t1.2.3\n`;
    const refused = read("t.tsv", text, { missing: [""] });
    await expect(refused).rejects.toThrow(WrongCall);
    await expect(refused).rejects.toThrow(
      't.tsv: line 42: column b: expected a number, as 40 of 41 are, got "1.2.3". Say --missing, --categorical or --ignore.',
    );
  });

  test("what is no UTF-8 is refused with its line", async () => {
    const text = Buffer.from(`a,b\n${"1,x\n".repeat(30_000)}2,caf\xe9\n`, "latin1");
    await expect(read("t.csv", text)).rejects.toThrow("t.csv: line 30002: expected text in UTF-8, got other bytes.");
  });

  test("limits are counted while it is read", async () => {
    const text = `a,b\n${"1,2\n".repeat(100)}`;
    await expect(read("t.csv", text, {}, { cells: 99 })).rejects.toThrow(
      "line 51: expected at most 99 cells, got more.",
    );
    await expect(read("t.csv", text, {}, { bytes: 99 })).rejects.toThrow("expected at most 99 bytes, got more.");
    await expect(read("t.csv", text, {}, { columns: 1 })).rejects.toThrow("line 1: expected at most 1 columns, got 2.");
  });

  test("a file that is none is refused in words", async () => {
    await mkdir(folder.path("t.csv"));
    await expect(readTable(folder.path("t.csv"))).rejects.toThrow(/^cannot read .*t\.csv: it is a folder\.$/);
    await expect(readTable(folder.path("none.csv"))).rejects.toThrow(/none\.csv: there is no such file\.$/);
  });
});

describe("a Parquet file", () => {
  const columns = {
    count: [3n, null, 5n],
    share: [0.5, Number.NaN, 2],
    town: ["a", "b", null],
    yes: [true, false, true],
  };
  const written = () =>
    parquetWriteBuffer({
      columnData: [
        { name: "count", data: columns.count, type: "INT64" },
        { name: "share", data: columns.share, type: "DOUBLE" },
        { name: "town", data: columns.town, type: "STRING" },
        { name: "yes", data: columns.yes, type: "BOOLEAN" },
      ],
    });

  test("has numbers, texts and what is missing as a text file has them", async () => {
    const { columns } = await read("t.parquet", new Uint8Array(written()));
    expect(columns).toEqual([
      { kind: "number", name: "count", values: Float64Array.of(3, Number.NaN, 5) },
      { kind: "number", name: "share", values: Float64Array.of(0.5, Number.NaN, 2) },
      { kind: "category", name: "town", values: Int32Array.of(0, 1, -1), categories: ["a", "b"] },
      { kind: "category", name: "yes", values: Int32Array.of(1, 0, 1), categories: ["false", "true"] },
    ]);
  });

  test("of too many cells is refused by what it says of itself, and a wrong number by its row", async () => {
    const bytes = new Uint8Array(written());
    await expect(read("t.parquet", bytes, {}, { cells: 11 })).rejects.toThrow("expected at most 11 cells, got 12.");
    await expect(read("t.parquet", bytes, { numeric: ["town"] })).rejects.toThrow(
      't.parquet: row 1: column town: expected a number, got "a".',
    );
  });

  test("that is damaged is refused, and so is one that is not there", async () => {
    await expect(read("t.parquet", "PAR1 and nothing")).rejects.toThrow(/t\.parquet: expected a Parquet file, got/);
    await expect(readTable("/nowhere/t.parquet")).rejects.toThrow("there is no such file");
  });

  test("needs hyparquet, and without it the error says what to install", async () => {
    const missing = () => Promise.reject(Object.assign(new Error("none"), { code: "ERR_MODULE_NOT_FOUND" }));
    const file = await fileOf("t.parquet", "PAR1");
    await expect(readTable(file, {}, {}, missing)).rejects.toThrow(
      `${file}: a Parquet file is read by hyparquet, which is not installed: npm install hyparquet`,
    );
  });
});
