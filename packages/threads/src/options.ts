/** Checks of the options of the public functions: a misspelled one would be ignored without a word. */

/**
 * Every option is a function, and one that is undefined was not given.
 *
 * @param names of all options that there are
 * @throws TypeError if there is another one, or one that is no function
 */
export function checkOptions(where: string, options: object, names: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${where}: options must be an object such as { ${names[0]} }, got ${shown(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!names.includes(name)) throw new TypeError(`${where}: unknown option "${name}"${hint(name, names)}`);
    if (typeof value === "function") continue;
    throw new TypeError(`${where}: ${name} must be a function, got ${shown(value)}.`);
  }
}

function hint(name: string, names: readonly string[]): string {
  const near = names.find((known) => distance(name.toLowerCase(), known.toLowerCase()) <= known.length / 3);
  const guess = near === undefined ? "." : `; did you mean "${near}"?`;
  return `${guess} There ${names.length > 1 ? "are" : "is"} ${names.map((known) => `"${known}"`).join(", ")}.`;
}

/** The edit distance: how many letters are to be inserted, deleted or replaced to make one name of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j]! + (letter === b[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
