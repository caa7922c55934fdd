#!/usr/bin/env node
// @ts-check
// Runs the command line from its TypeScript sources, in a checkout.
import { registerSources } from "../src/sources.js";

await registerSources();
await import("../src/cli/softdraw.ts");
