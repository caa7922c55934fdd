/** A program as the reader writes it, in TypeScript or JavaScript, as a module that a worker can load. */

import { transform } from "sucrase";

export interface Compiled {
  /**
   * A module whose default export is the program: an async function of `require`, which gives the modules that it imports,
   * `exports`, which gets what it exports, and `console`. Every line is on the line that it has in the program.
   */
  readonly code: string;
  /** What it imports, and perhaps words of its text that look so. */
  readonly imports: readonly string[];
}

/** @throws SyntaxError with the line of the program as `line` */
export function compile(source: string): Compiled {
  const code = stripped(source);
  const imports = [...code.matchAll(/\brequire\((["'])([^"']+)\1\)/g)].map(([, , name]) => name!);
  return { code: `export default async (require, exports, console) => {{ ${code}\n}};\n`, imports };
}

function stripped(source: string): string {
  try {
    return transform(source, { transforms: ["typescript", "imports"], disableESTransforms: true, production: true })
      .code;
  } catch (error) {
    const { message, loc } = error as { message: string; loc?: { line: number } };
    throw Object.assign(new SyntaxError(message.replace(/ \(\d+:\d+\)$/, "")), { line: loc?.line });
  }
}
