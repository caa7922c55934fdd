/** Tables in files: CSV and TSV, read as a stream, and Parquet by hyparquet, which is installed by whoever has some. */

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { foreignText } from "@softdraw/experiments/foreign-text";
import {
  type Column,
  countDifferent,
  dateOf,
  hasMissing,
  type LeftOut,
  type NumberColumn,
  type Reading,
  type Table,
  type Texts,
  tableOf,
} from "@softdraw/experiments/select/table";
import { type CsvError, type Info, parse } from "csv-parse";
import { WrongCall } from "../errors.ts";
import { readFailure } from "./reasons.ts";

export interface TableReading extends Reading {
  /** What stands between the cells of a text; by default a tab in a file that is called so, otherwise what the header has most of. */
  readonly separator?: string;
}

/** A table, and the SHA-256 of the bytes that it was read from. */
export interface TableOfFile extends Table {
  readonly checksum: string;
}

/** What is read at most; counted while it is read. */
export interface TableLimits {
  readonly bytes: number;
  readonly columns: number;
  readonly cells: number;
}

const LIMITS: TableLimits = { bytes: 2 ** 30, columns: 2000, cells: 20_000_000 };

type LoadParquet = () => Promise<typeof import("hyparquet")>;

/**
 * The table in a file, which is read once: it may be a pipe. What it is by its name: `.parquet` and `.pq` are Parquet, all else is text in UTF-8 with a header.
 *
 * @param loadParquet asked for Parquet only; a test may have none
 * @throws WrongCall that names the file, where there is one the line, what was expected and what came; Error where hyparquet is not installed
 */
export async function readTable(
  file: string,
  { separator, ...reading }: TableReading = {},
  limits: Partial<TableLimits> = {},
  loadParquet: LoadParquet = () => import("hyparquet"),
): Promise<TableOfFile> {
  const bounds = { ...LIMITS, ...limits };
  if (/\.np[yz]$/i.test(file)) {
    throw new WrongCall(
      `${file}: expected a table (.csv, .tsv or .parquet), got arrays of NumPy, which have no header.`,
    );
  }
  const isParquet = [".parquet", ".pq"].includes(extname(file).toLowerCase());
  const read = isParquet ? await parquetTexts(file, bounds, loadParquet) : await plainTexts(file, separator, bounds);
  try {
    return { ...tableOf(read.texts, reading), checksum: read.checksum };
  } catch (error) {
    throw error instanceof RangeError ? new WrongCall(`${file}: ${error.message}`) : error;
  }
}

/** Whether a file is a table by its name. */
export function isTableFile(file: string): boolean {
  return /\.(csv|tsv|parquet|pq)$/i.test(file);
}

/** What was read, for people and programs: each column with its kind, what it holds, and what was left out and why. */
export interface TableDescription {
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    readonly kind: Column["kind"] | "date";
    /** Of dates, the first and the last. */
    readonly dates?: readonly [first: string, last: string];
    readonly different: number;
    readonly missing: number;
  }[];
  readonly leftOut: readonly LeftOut[];
}

export function describeTable({ rows, columns, leftOut }: Table): TableDescription {
  const described = columns.map((column) => ({
    name: column.name,
    kind: isDates(column) ? ("date" as const) : column.kind,
    ...(isDates(column) && { dates: datesOf(column) }),
    different: countDifferent(column),
    missing: hasMissing(column) ? countMissing(column) : 0,
  }));
  return { rows, columns: described, leftOut };
}

function isDates(column: Column): column is NumberColumn {
  return column.kind === "number" && column.isDate === true;
}

function datesOf({ values }: NumberColumn): [string, string] {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  return [dateOf(known[0]!), dateOf(known.at(-1)!)];
}

function countMissing({ kind, values }: Column): number {
  return Array.from(values).filter((value) => (kind === "number" ? Number.isNaN(value) : value === -1)).length;
}

// Text ---------------------------------------------------------------------------------------------------------------

/** The texts of a file, and the SHA-256 of its bytes. */
interface Read {
  readonly texts: Texts;
  readonly checksum: string;
}

async function plainTexts(file: string, separator: string | undefined, limits: TableLimits): Promise<Read> {
  const hash = createHash("sha256");
  const chunks = decoded(file, limits.bytes, (chunk) => hash.update(chunk));
  const { start, rest } = await beginningOf(file, chunks);
  const delimiter = separator ?? separatorOf(file, start);
  let before = { lines: 0, empty_lines: 0 };
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
    on_record: (record, info) => {
      before = info;
      return record;
    },
  });
  const feeding = feed(parser, start, rest);
  const table = gatherer(file, limits);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      table.add(record, info.lines);
    }
    await feeding;
  } catch (error) {
    throw parseFailure(file, error as CsvError, before);
  }
  return { texts: table.texts(), checksum: hash.digest("hex") };
}

/** Characters of a row at most: what is longer has a quote that nobody closed. */
const LONGEST_RECORD = 2 ** 22;

/** The text of a file, piece by piece. */
async function* decoded(file: string, most: number, onBytes: (chunk: Buffer) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let length = 0;
  let lines = 1;
  const source = createReadStream(file);
  let last = Buffer.alloc(0);
  try {
    for await (const chunk of source as AsyncIterable<Buffer<ArrayBuffer>>) {
      last = chunk;
      onBytes(chunk);
      length += chunk.length;
      if (length > most) throw new WrongCall(`${file}: line ${lines}: expected at most ${most} bytes, got more.`);
      yield decoder.decode(chunk, { stream: true });
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines++;
    }
    yield decoder.decode();
  } catch (error) {
    if (error instanceof WrongCall) throw error;
    if (error instanceof TypeError) {
      const line = lines + soundLines(last);
      throw new WrongCall(`${file}: line ${line}: expected text in UTF-8, got other bytes.`, { cause: error });
    }
    throw new WrongCall(readFailure(file, error).message);
  } finally {
    source.destroy();
  }
}

const LINE_FEED = 10;

/** Lines of a piece before the first that is no UTF-8. The piece may begin amid a character, and its first line is not looked at. */
function soundLines(piece: Buffer): number {
  let sound = 0;
  for (let from = piece.indexOf(LINE_FEED) + 1; from > 0; from = piece.indexOf(LINE_FEED, from) + 1) {
    const end = piece.indexOf(LINE_FEED, from);
    sound++;
    if (!isUtf8(piece.subarray(from, end < 0 ? piece.length : end))) return sound;
  }
  return 0;
}

/** The text up to the end of its first line, or all of it, and what comes after. */
async function beginningOf(file: string, chunks: AsyncGenerator<string>) {
  let start = "";
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) break;
    start += value;
    if (/[\r\n]/.test(start.trimStart()) || start.length > LONGEST_RECORD) break;
  }
  if (start.trim() === "") throw new WrongCall(`${file}: expected a header and rows, got an empty file.`);
  if (start.includes("\0")) throw new WrongCall(`${file}: expected a table as text, got other bytes.`);
  return { start, rest: chunks };
}

/** A tab where the name says so, otherwise what the header has most of outside of quotes. */
function separatorOf(file: string, start: string): string {
  if ([".tsv", ".tab"].includes(extname(file).toLowerCase())) return "\t";
  const header = start
    .trimStart()
    .split(/[\r\n]/, 1)[0]!
    .replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t", "|"].map((candidate) => ({ candidate, count: header.split(candidate).length }));
  return counts.reduce((a, b) => (b.count > a.count ? b : a)).candidate;
}

type Parser = ReturnType<typeof parse>;

/** Gives the parser all of the text, as fast as it takes it. What goes wrong, whoever reads the parser hears of. */
async function feed(parser: Parser, start: string, rest: AsyncGenerator<string>): Promise<void> {
  try {
    const write = async (text: string) => {
      if (!parser.write(text)) await drained(parser);
    };
    await write(start);
    for await (const text of rest) {
      if (parser.destroyed) return;
      await write(text);
    }
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

function drained(parser: Parser): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ["drain", "close", "error"]) parser.off(event, done);
      resolve();
    };
    for (const event of ["drain", "close", "error"]) parser.on(event, done);
  });
}

/** What a parser has counted. */
type Counted = Pick<Info, "lines" | "empty_lines">;

/**
 * A parser's own words, of which those that people meet are said as ours.
 *
 * @param before what was counted at the end of the last row that was read
 */
function parseFailure(file: string, error: CsvError, before: Counted): Error {
  if (error instanceof WrongCall) return error;
  const line = isCounted(error) ? `line ${lineOf(error, before)}: ` : "";
  const quote = 'a cell in quotes that ends with a quote, inside of which quotes are doubled ("")';
  const expected: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: `expected ${quote}, got the end of the file`,
    CSV_INVALID_CLOSING_QUOTE: `expected ${quote}, got more text behind it`,
    INVALID_OPENING_QUOTE: `expected ${quote}, got a quote amid a cell`,
    CSV_MAX_RECORD_SIZE: `expected at most ${LONGEST_RECORD} characters in a row, got more`,
  };
  if (error.code && expected[error.code]) return new WrongCall(`${file}: ${line}${expected[error.code]}.`);
  if (!error.code?.startsWith("CSV_")) return error;
  return new WrongCall(`${file}: ${line}${foreignText(error.message)}`);
}

function isCounted(error: CsvError): error is CsvError & Counted {
  return typeof error.lines === "number" && typeof error.empty_lines === "number";
}

/** Where nobody closed a quote, the parser has gone on to the end: the row with the quote begins behind the last one that was read. */
function lineOf(error: CsvError & Counted, before: Counted): number {
  const isOpen = error.code === "CSV_QUOTE_NOT_CLOSED" || error.code === "CSV_MAX_RECORD_SIZE";
  return isOpen ? before.lines + 1 + error.empty_lines - before.empty_lines : error.lines;
}

/** Puts rows together to columns, and refuses those that do not fit the header. */
function gatherer(file: string, { columns: mostColumns, cells: mostCells }: TableLimits) {
  let names: string[] | undefined;
  const cells: string[][] = [];
  const lines: number[] = [];
  const refuse = (line: number, problem: string) => new WrongCall(`${file}: line ${line}: ${problem}.`);
  return {
    add(record: readonly string[], line: number): void {
      if (names === undefined) {
        names = record.map((name, place) => name.trim() || `column ${place + 1}`);
        const problem = headerProblem(names, mostColumns);
        if (problem !== undefined) throw refuse(line, problem);
        cells.push(...names.map(() => []));
        return;
      }
      if (record.length !== names.length) {
        throw refuse(line, `expected ${names.length} cells, as the header has, got ${record.length}`);
      }
      if ((lines.length + 1) * names.length > mostCells)
        throw refuse(line, `expected at most ${mostCells} cells, got more`);
      record.forEach((cell, place) => {
        cells[place]!.push(cell);
      });
      lines.push(line);
    },
    texts(): Texts {
      if (names === undefined || lines.length === 0) {
        throw new WrongCall(`${file}: expected rows below the header, got none.`);
      }
      return { names, cells, place: (row) => `line ${lines[row]}` };
    },
  };
}

function headerProblem(names: readonly string[], most: number): string | undefined {
  if (names.length > most) return `expected at most ${most} columns, got ${names.length}`;
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) return `expected different names of columns, got "${foreignText(twice)}" twice`;
  const isNumbers = names.every((name) => Number.isFinite(Number(name)));
  return isNumbers ? "expected a header with the names of the columns, got numbers alone" : undefined;
}

// Parquet ------------------------------------------------------------------------------------------------------------

async function parquetTexts(
  file: string,
  { bytes, columns, cells: mostCells }: TableLimits,
  load: LoadParquet,
): Promise<Read> {
  const { parquetMetadataAsync, parquetReadObjects } = await load().catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(`${file}: a Parquet file is read by hyparquet, which is not installed: npm install hyparquet`);
  });
  const cannotRead = (error: unknown) => {
    throw new WrongCall(readFailure(file, error).message);
  };
  const refuse = (problem: string) => new WrongCall(`${file}: ${problem}.`);
  const { size } = await stat(file).catch(cannotRead);
  if (size > bytes) throw refuse(`expected at most ${bytes} bytes, got ${size}`);
  const content = await readFile(file).catch(cannotRead);
  // A file that is read is a part of a larger buffer, or of one of its own.
  const buffer = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength) as ArrayBuffer;
  try {
    const metadata = await parquetMetadataAsync(buffer);
    const names = metadata.schema.filter(({ num_children }) => !num_children).map(({ name }) => name);
    const rows = Number(metadata.num_rows);
    const problem = names.length > columns ? `expected at most ${columns} columns, got ${names.length}` : undefined;
    if (problem ?? rows * names.length > mostCells) {
      throw refuse(problem ?? `expected at most ${mostCells} cells, got ${rows * names.length}`);
    }
    if (rows === 0) throw refuse("expected rows, got none");
    const objects = await parquetReadObjects({ file: buffer, metadata });
    const cells = names.map((name) => objects.map((row) => cellText(row[name])));
    const checksum = createHash("sha256").update(content).digest("hex");
    return { texts: { names, cells, place: (row) => `row ${row + 1}` }, checksum };
  } catch (error) {
    if (error instanceof WrongCall) throw error;
    // What is damaged is mostly noticed by what the reader stumbles over, which says nothing to whoever has the file.
    const why = error instanceof TypeError ? "it is damaged" : foreignText((error as Error).message);
    throw refuse(`expected a Parquet file, got what cannot be read: ${why}`);
  }
}

/** As a text file would have it; what is missing is empty. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value);
}
