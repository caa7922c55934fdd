/**
 * With fused products, which Node.js 20 has behind a flag. It has to be set before the engine looks, so that this is a file of its
 * own.
 */

import { setFlagsFromString } from "node:v8";
import { expect, test } from "vitest";

if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
const { testProducts } = await import("./product-cases.ts");

test("the runtime has them", () => {
  // (a, b, c) => relaxed_madd(a, b, c), of vectors.
  const types = [1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b];
  const code = [10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 0x02, 0x0b];
  expect(WebAssembly.validate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...types, 3, 2, 1, 0, ...code))).toBe(true);
});

testProducts();
