/** Runs programs of the reader's in this worker, with the modules that the page itself runs. */

import modules from "virtual:modules";
import { inspect } from "node-inspect-extracted";
import { compile } from "./compile.ts";
import { type Print, printingConsole } from "./printing.ts";

/** What went wrong, and on which line of the program, if it was there. */
export interface Failure {
  readonly message: string;
  readonly line?: number | undefined;
}

type Exports = Readonly<Record<string, unknown>>;
type Program = (require: (name: string) => object, exports: object, console: Console) => Promise<void>;

// An error of the engine comes from deep in it, and the program's own line is to be told.
Error.stackTraceLimit = 100;

/** The addresses that programs have had here: stacks have the lines behind them. */
const addresses: string[] = [];

/**
 * Runs a program to its end.
 *
 * @param print is told what it prints, then and later
 * @returns what it exports
 * @throws whatever it throws; `failureOf` says what of it to tell
 */
export function runProgram(source: string, print: Print): Promise<Exports> {
  return runModule(source, printingConsole(print));
}

/** The same, with any console. */
export async function runModule(source: string, console: Console): Promise<Exports> {
  const { code } = compile(source);
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  addresses.push(address);
  const { default: program } = (await import(/* @vite-ignore */ address)) as { default: Program };
  const exports = {};
  await program(moduleNamed, exports, console);
  return exports;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: `Thrown: ${typeof error === "string" ? error : inspect(error)}` };
  const { line = lineIn(error.stack ?? "") } = error as Error & { line?: number };
  const { name, message } = error;
  return { message: name === "Error" ? message : `${name}: ${message}`, line };
}

/** Of the innermost call that is the program's own. */
function lineIn(stack: string): number | undefined {
  const places = addresses.map((address) => stack.split(`${address}:`)[1]).filter((rest) => rest !== undefined);
  return places.length === 0 ? undefined : Number.parseInt(places[0]!, 10);
}

/** @throws Error that says which modules there are, for another one */
function moduleNamed(name: string): object {
  const found = modules[name];
  if (found !== undefined) return strict(name, found);
  const own = Object.keys(modules).filter((other) => !other.startsWith(EXPERIMENTS));
  const parts = Object.keys(modules).flatMap((other) =>
    other.startsWith(EXPERIMENTS) ? [other.slice(EXPERIMENTS.length)] : [],
  );
  throw new Error(
    `${name} is not in the page: code here can import ${own.join(", ")}, and of ${EXPERIMENTS} ${parts.join(", ")}.`,
  );
}

const EXPERIMENTS = "@softdraw/experiments/";

/** What an await, a print and JSON look at in any object. */
const LOOKED_AT = new Set(["then", "length", "toJSON", "constructor", "name"]);

/** The same module, which says what it has when it is asked for what it has not. */
function strict(name: string, module: object): object {
  return new Proxy(module, {
    get(target, key) {
      if (key === "__esModule") return true;
      if (typeof key === "symbol" || LOOKED_AT.has(key) || key in target) return Reflect.get(target, key);
      throw new ReferenceError(`${name} exports no ${key}: it has ${Object.keys(target).sort().join(", ")}.`);
    },
  });
}
