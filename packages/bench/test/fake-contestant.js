// @ts-check
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [log, name, ms] = /** @type {[string, string, string]} */ (process.argv.slice(2));
let loss = 0;
for await (const amount of createInterface({ input: process.stdin })) {
  appendFileSync(log, `${name} ${amount}\n`);
  console.log(JSON.stringify({ ms: Number(ms), loss: ++loss }));
}
