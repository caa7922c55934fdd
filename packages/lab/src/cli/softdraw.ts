#!/usr/bin/env node
/** The program: what npm installs as `softdraw`. */

import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2));
