#!/usr/bin/env node
// @ts-check
// Runs the command line from its TypeScript sources.
import { reportFailures } from "../src/failures.js";

reportFailures();
const { registerSources } = await import("../src/sources.js");
registerSources();
const { main } = await import("../src/cli/main.ts");
process.exitCode = await main(process.argv.slice(2));
