// @ts-check
// To be imported before a program in TypeScript: `node --import @softdraw/lab/register.js program.ts`, in a checkout.
import { registerSources } from "./sources.js";

await registerSources();
