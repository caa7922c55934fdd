/** All laws of every relaxation, on WebAssembly. */

process.env.SOFTDRAW_LAWS = "all";
await import("../laws.test.ts");
