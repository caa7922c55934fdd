/** Code as text of an address: compressed, in letters that an address keeps as they are. */

import { deflateSync, inflateSync, strFromU8, strToU8 } from "fflate";
import type { Field } from "../../fields.ts";

/** Characters of an address: more is cut or refused on its way by some programs. */
const LONGEST_PACKED = 8000;
/** Characters of code. */
const LONGEST_CODE = 50_000;

/** Undefined for code that is too long for an address. */
export function packCode(code: string): string | undefined {
  if (code.length > LONGEST_CODE) return undefined;
  const bytes = deflateSync(strToU8(code), { level: 9 });
  const packed = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
  return packed.length <= LONGEST_PACKED ? packed : undefined;
}

/** @throws Error for what is no packed code, or more than there can be */
export function unpackCode(packed: string): string {
  if (packed.length > LONGEST_PACKED)
    throw new Error(`expected at most ${LONGEST_PACKED} characters of packed code, got ${packed.length}.`);
  const code = inflated(packed);
  if (code.length <= LONGEST_CODE) return code;
  throw new Error(`expected at most ${LONGEST_CODE} characters of code, got ${code.length}.`);
}

function inflated(packed: string): string {
  try {
    const letters = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    return strFromU8(inflateSync(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))));
  } catch {
    throw new Error("expected code as this page packs it: the address has been cut or changed.");
  }
}

/** Code that differs from an example's; empty where it does not, or where an address cannot hold it. */
export const codeField: Field<string> = {
  initial: "",
  parse: (text) => (text === "" ? "" : unpackCode(text)),
  format: (code) => (code === "" ? "" : (packCode(code) ?? "")),
};
