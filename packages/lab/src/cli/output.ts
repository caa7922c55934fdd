/** What a training says while it goes: a bar on a terminal, plain lines in a pipe, or one JSON record a line. */

import { columnsOfTable } from "@softdraw/experiments/columns";
import type { Column, EpochRecord, Result, TrainingEvent } from "@softdraw/experiments/experiment";
import { printable } from "@softdraw/experiments/foreign-text";
import { SingleBar } from "cli-progress";
import { formatDuration, formatMeasured, formatNumber, formatResult } from "../report/numbers.ts";
import { type Reporter, silentReporter } from "../training/reporter.ts";
import { ENDING } from "./signals.ts";

type Output = Pick<NodeJS.WriteStream, "write">;

export function jsonReporter(out: Output): Reporter {
  const record = (type: string, content: object) => void out.write(`${JSON.stringify({ type, ...content })}\n`);
  return {
    ...silentReporter,
    record,
    epoch: (values) => record("epoch", values),
    results: (results) => record("result", { results }),
  };
}

/** A table row an epoch; between them, on a terminal, a bar. */
export function textReporter(measured: readonly Column[], out: Output, isTerminal: boolean): Reporter {
  const columns = columnsOfTable(measured);
  const bar = isTerminal ? terminalBar() : undefined;
  let rows = 0;
  const say = (line: string) => {
    bar?.clear();
    out.write(`${printable(line)}\n`);
  };
  return {
    say,
    record: () => {},
    step: (event) => bar?.training(event),
    epoch(record) {
      if (rows++ === 0) say(tableHead(columns));
      say(tableRow(columns, record));
    },
    results(results) {
      for (const result of results) say(resultLine(result, results));
    },
    progress: (done, total, what = "evaluating") => bar?.share(done, total, what),
    close: () => bar?.clear(),
  };
}

const EPOCH_WIDTH = 6;

function tableHead(columns: readonly Column[]): string {
  return "epoch".padEnd(EPOCH_WIDTH) + columns.map((column) => tableCell(column.label, column)).join("");
}

function tableRow(columns: readonly Column[], record: EpochRecord): string {
  const cells = columns.map((column) => tableCell(formatMeasured(record[column.key], column.digits), column));
  return String(record.epoch).padEnd(EPOCH_WIDTH) + cells.join("");
}

/** As wide as the label, as a number of one digit with its decimals, and as the column asks for. */
function tableCell(text: string, { label, digits, width = 6 }: Column): string {
  return `  ${text.padStart(Math.max(label.length, digits + 2, width))}`;
}

function resultLine(result: Result, all: readonly Result[]): string {
  const { name, note } = result;
  const width = Math.max(...all.map((result) => result.name.length));
  return `${name.padEnd(width)}  ${formatResult(result)}${note ? `  (${note})` : ""}`;
}

/** Draws on standard error, so that standard output stays a table. */
function terminalBar() {
  let bar: SingleBar | undefined;
  let pace: { started: number; steps: number } | undefined;
  // A signal must not leave the terminal without its cursor. If nobody else answers it, it ends the program as ever.
  const onSignal = (signal: NodeJS.Signals) => {
    clear();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const clear = () => {
    bar?.stop();
    bar = undefined;
    for (const signal of ENDING) process.off(signal, onSignal);
  };
  const draw = (format: string, total: number, value: number, payload: object) => {
    if (bar === undefined) {
      bar = new SingleBar({ format, clearOnComplete: true, hideCursor: true, barsize: 24, linewrap: false });
      bar.start(total, value, payload);
      for (const signal of ENDING) process.prependListener(signal, onSignal);
    }
    bar.update(value, payload);
  };
  return {
    training({ epoch, epochs, step, steps, loss, examples }: TrainingEvent) {
      // The first step compiles, so the pace counts from its end.
      if (pace === undefined) {
        pace = { started: performance.now(), steps: 0 };
        return;
      }
      pace.steps++;
      const secondsAStep = (performance.now() - pace.started) / 1000 / pace.steps;
      const left = (epochs - epoch) * steps + (steps - step);
      const format = "epoch {epoch}/{epochs} {bar} {value}/{total}  loss {loss}  {speed} examples/s  {left} left";
      draw(format, steps, step, {
        epoch,
        epochs,
        loss: loss.toFixed(2),
        speed: formatNumber(examples / secondsAStep, 0),
        left: formatDuration(left * secondsAStep),
      });
    },
    share: (done: number, total: number, what: string) =>
      draw("{what} {bar} {percentage} %  {eta_formatted} left", total, done, { what }),
    clear,
  };
}
