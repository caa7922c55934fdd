#!/usr/bin/env node
/** The program: what npm installs as `softdraw`. */

import { reportFailures } from "../failures.js";

reportFailures();
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
