/** `softdraw studio` */

import { isIP } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { startStudio } from "../server/server.ts";
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
    .option("--port <number>", "port, 0 for any free one", wholeNumber(0, 65_535), 7410)
    .option("--host <name>", "address to listen on; any other than this machine's own lets others in", THIS_MACHINE)
    .option("--runs-dir <path>", "folder of the run folders", RUNS_FOLDER)
    .addHelpText("after", "\nExample:\n  softdraw studio --port 8080 --runs-dir /data/runs")
    .action(serve);
}

async function serve({ port, host, runsDir }: Options): Promise<void> {
  const stopped = signalToStop();
  const studio = await startStudio({ page: PAGE, runs: runsDir, host, port });
  const folder = resolve(runsDir);
  if (!isThisMachine(host)) console.error(`Warning: whoever reaches ${host} can read the runs in ${folder}.`);
  console.log(`Studio: ${studio.url}\nRuns:   ${folder}\nCtrl-C ends it.`);
  await stopped;
  await studio.close();
}

function signalToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ENDING) process.once(signal, () => resolve());
  });
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
