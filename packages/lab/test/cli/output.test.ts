import { expect, test } from "vitest";
import { jsonReporter, textReporter } from "../../src/cli/output.ts";
import { formatDuration, formatNumber } from "../../src/report/numbers.ts";

const columns = [
  { key: "loss", label: "loss", description: "", digits: 2 },
  { key: "imagesPerSecond", label: "images/s", description: "", digits: 0 },
];

/** What is written, line by line. */
function written() {
  let text = "";
  const write = (part: string | Uint8Array) => {
    text += part;
    return true;
  };
  return { out: { write }, lines: () => text.trimEnd().split("\n") };
}

test("a table has its head once, and its numbers below their names", () => {
  const { out, lines } = written();
  const { epoch, say } = textReporter(columns, out, false);
  epoch({ epoch: 1, loss: 540.123, imagesPerSecond: 1234.5 });
  say("between");
  epoch({ epoch: 10, loss: -0.004, imagesPerSecond: 9 });
  expect(lines()).toEqual([
    "epoch     loss  images/s",
    "1       540.12     1,235",
    "between",
    "10       -0.00         9",
  ]);
});

test("numbers of any length stay apart", () => {
  const { out, lines } = written();
  textReporter(columns, out, false).epoch({ epoch: 1, loss: 1e12, imagesPerSecond: 1e12 });
  expect(lines()[1]).toBe("1       1,000,000,000,000.00  1,000,000,000,000");
});

test("what an epoch did not measure is a dash, in a record of the training and of a file", () => {
  const { out, lines } = written();
  const { epoch } = textReporter(columns, out, false);
  epoch({ epoch: 1, imagesPerSecond: 10 });
  epoch(JSON.parse(JSON.stringify({ epoch: 2, loss: Number.NaN, imagesPerSecond: 10 })));
  epoch({ epoch: 3, loss: 0, imagesPerSecond: 10 });
  expect(lines().slice(1)).toEqual([
    "1            –        10",
    "2            –        10",
    "3         0.00        10",
  ]);
});

test("results stand in a column, with unit and note", () => {
  const { out, lines } = written();
  textReporter(columns, out, false).results([
    { name: "loss", value: 99.5, digits: 2, unit: "nats", note: "on the test set" },
    { name: "accuracy", value: 0.5, digits: 3 },
  ]);
  expect(lines()).toEqual(["loss      99.50 nats  (on the test set)", "accuracy  0.500"]);
});

test("without a terminal there is no bar", () => {
  const { out, lines } = written();
  const { step, progress, close } = textReporter(columns, out, false);
  const event = { epoch: 1, epochs: 1, step: 1, steps: 2, loss: 1, temperature: 1, examples: 1 };
  step({ ...event, checkpoint: () => Promise.reject(new Error("not asked for")) });
  progress(1, 2);
  close();
  expect(lines()).toEqual([""]);
});

test("the JSON reporter writes records and nothing for people", () => {
  const { out, lines } = written();
  const reporter = jsonReporter(out);
  reporter.say("for people");
  reporter.progress(1, 2);
  reporter.record("run", { run: "runs/x" });
  reporter.epoch({ epoch: 1, loss: 0.1 });
  reporter.results([{ name: "loss", value: 0.1, digits: 2 }]);
  expect(lines().map((line) => JSON.parse(line))).toEqual([
    { type: "run", run: "runs/x" },
    { type: "epoch", epoch: 1, loss: 0.1 },
    { type: "result", results: [{ name: "loss", value: 0.1, digits: 2 }] },
  ]);
});

test.each([
  [0, "0:00"],
  [59.9, "0:59"],
  [61, "1:01"],
  [3599, "59:59"],
  [3600, "1 h 0 min"],
  [7384, "2 h 3 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test("numbers have commas between thousands and so many digits", () => {
  expect(formatNumber(1234567.891, 2)).toBe("1,234,567.89");
  expect(formatNumber(0.5, 0)).toBe("1");
});
