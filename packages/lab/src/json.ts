/** JSON in files that people may have edited. */

/**
 * The value in a JSON text. Some editors put a byte-order mark before it, which is no part of it.
 *
 * @throws SyntaxError for any other text
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
}

const BYTE_ORDER_MARK = "\uFEFF";
