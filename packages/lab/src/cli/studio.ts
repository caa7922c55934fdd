/** `softdraw studio` */

import { statSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { foreignText } from "@softdraw/experiments/foreign-text";
import type { Command } from "commander";
import { startStudio } from "../server/server.ts";
import { WrongCall } from "../errors.ts";
import { isModule } from "../training/own-experiment.ts";
import { RUNS_FOLDER } from "./common-options.ts";
import { wholeNumber } from "./parsers.ts";
import { ENDING } from "./signals.ts";

interface Options {
  readonly port: number;
  readonly host: string;
  readonly runsDir: string;
}

/** Made by `npm run build`. */
const PAGE = fileURLToPath(new URL("../../page/", import.meta.url));
const THIS_MACHINE = "127.0.0.1";

export function addStudio(program: Command): void {
  program
    .command("studio")
    .argument("[modules...]", "experiments of your own, to be trained in the page beside the others")
    .option("--port <number>", "port, 0 for any free one", wholeNumber(0, 65_535), 7410)
    .option("--host <name>", "address to listen on; any other than this machine's own lets others in", THIS_MACHINE)
    .option("--runs-dir <path>", "folder of the run folders", RUNS_FOLDER)
    .addHelpText(
      "after",
      "\nExamples:\n  softdraw studio --port 8080 --runs-dir /data/runs\n  softdraw studio ./mine.mjs",
    )
    .action(serve);
}

async function serve(given: readonly string[], { port, host, runsDir }: Options): Promise<void> {
  const modules = given.map(modulePath);
  const stopped = signalToStop();
  const studio = await startStudio({ page: PAGE, runs: runsDir, modules, host, port });
  const folder = resolve(runsDir);
  const readable = [`the runs in ${folder}`, ...modules].join(", ");
  if (!isThisMachine(host)) console.error(`Warning: whoever reaches ${host} can read ${readable}.`);
  const trained = modules.map((path) => `Trains: ${path}\n`).join("");
  console.log(`Studio: ${studio.url}\nRuns:   ${folder}\n${trained}Ctrl-C ends it.`);
  await stopped;
  await studio.close();
}

/** The page loads it; here it is only read. */
function modulePath(given: string): string {
  const path = resolve(given);
  if (isModule(given) && statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  const got = isModule(given) ? "no such file" : "another name";
  throw new WrongCall(`${foreignText(given)}: expected the module of an experiment, such as ./mine.mjs, got ${got}.`);
}

function signalToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ENDING) process.once(signal, () => resolve());
  });
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
