/** Programs of this repository, started from their sources by Node. */

/** Node's arguments before the name of a program in TypeScript. */
export const RUN_SOURCES = ["--import", import.meta.resolve("@softdraw/lab/register.js")] as const;
