/** The programs of a guide that run in the page as they are: the links that open them there. */

import { isInPage } from "@softdraw/studio/build/modules";
import { packCode } from "@softdraw/studio/pages/play/packed-code";
import { compile } from "@softdraw/studio/programs/compile";

/** What a page has not got, and Node.js has without an import. */
const NODE = /\b(process|Buffer)\.|\b__(dir|file)name\b/;

/**
 * Follows the TypeScript of a document, block by block: one that begins with imports begins a program, and one without goes on with
 * it.
 *
 * @returns what gives the address of the studio, from `#` on, at which the program is open as far as the block goes; undefined for
 * one that does not run there
 */
export function programFollower(): (block: string) => string | undefined {
  let program: string | undefined;
  return (block) => {
    if (/^import\b/.test(block)) program = block;
    else if (program !== undefined) program = `${program}\n${block}`;
    const packed = program !== undefined && runsInPage(program) ? packCode(program) : undefined;
    return packed && `#/play?${new URLSearchParams({ code: packed })}`;
  };
}

function runsInPage(program: string): boolean {
  return compile(program).imports.every(isInPage) && !NODE.test(program);
}
