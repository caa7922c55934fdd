/** JSON of foreign origin: in files that people may have edited, or that nobody here wrote. */

/** Lists and objects in one another, at most. Ours are five deep; what reads values by recursion would run out of stack. */
const DEEPEST = 64;

const BYTE_ORDER_MARK = "\uFEFF";

/**
 * The value in a JSON text. Some editors put a byte-order mark before it, which is no part of it.
 *
 * @throws SyntaxError for any other text, and for one that is nested more than 64 deep
 */
export function parseJson(text: string): unknown {
  const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const { depth } = outlineOf(json);
  if (depth > DEEPEST) throw new SyntaxError(`Nested more than ${DEEPEST} deep`);
  return JSON.parse(json);
}

/** How many names a JSON text has, at all depths; one that is there twice counts twice, while its value keeps the last. */
export function countNames(json: string): number {
  return outlineOf(json).names;
}

/** How deep lists and objects are in one another, and how many names there are: every colon that is in no text follows one. */
function outlineOf(json: string): { depth: number; names: number } {
  let [open, depth, names, isText] = [0, 0, 0, false];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') isText = !isText;
    else if (isText) i += character === "\\" ? 1 : 0;
    else if (character === ":") names++;
    else if (character === "[" || character === "{") depth = Math.max(depth, ++open);
    else if (character === "]" || character === "}") open--;
  }
  return { depth, names };
}
