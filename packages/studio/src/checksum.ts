/**
 * The SHA-256 of some bytes, in hexadecimal digits. A page has it where its address is safe: https, or this machine.
 *
 * @param what such as "Data of one's own", for the error
 */
export async function sha256(what: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!isSecureContext) throw new Error(`${what} is named by a checksum, which a page has at https addresses only.`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
