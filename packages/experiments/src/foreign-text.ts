/** Text of foreign origin: names, values and messages in files and from networks that nobody here wrote. */

/** As many characters of it are shown at most. */
const SHOWN = 80;

/**
 * Foreign text as a message may quote it: on one line, without control characters, and cut to 80 characters. A file is not
 * to move the cursor of a terminal, to hide what a line says, or to fill the screen.
 */
export function foreignText(text: string, shown = SHOWN): string {
  // What comes after is not shown, so there is no need to look at all of a long text. A character may be two units.
  const looked = text.slice(0, 8 * shown);
  const characters = Array.from(printable(looked).replace(/\s+/g, " ").trim());
  if (characters.length <= shown && looked.length === text.length) return characters.join("");
  return `${characters.slice(0, shown - 1).join("")}…`;
}

/** The same of any value, as JSON if that can be. */
export function foreignValue(value: unknown): string {
  return foreignText(jsonOf(value) ?? String(value));
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/**
 * Text without the characters that steer a terminal, reverse a line or cannot be seen; lines and tabs stay. What is printed
 * whole, such as an error's message, may hold foreign text that is part of it.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\n\t])\p{Cc}/gu, "");
}
