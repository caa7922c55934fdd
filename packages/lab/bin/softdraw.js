#!/usr/bin/env node
// @ts-check
// Runs the command line from its TypeScript sources, in a checkout.
import { reportFailures } from "../src/failures.js";

reportFailures();
const { registerSources } = await import("../src/sources.js");
await registerSources();
const { main } = await import("../src/cli/main.ts");
process.exitCode = await main(process.argv.slice(2));
