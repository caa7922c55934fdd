// @ts-check
/**
 * Failures in one line. Plain JavaScript that imports nothing of ours, because it has to be there before whatever may fail: where a
 * process may open few files or take little memory, that is the loading of the program itself.
 */

import { readFileSync } from "node:fs";

/**
 * Ends the process with a message of one line and exit code 1 where a failure reaches nobody, such as that of a thread which
 * cannot be started; with `--debug`, its stack trace follows. Too few files are refused at once: some of what is loaded would
 * wait for ever for a thread that could not open its own.
 */
export function reportFailures() {
  process.on("uncaughtException", end);
  const files = openFiles();
  if (files < FEWEST_FILES) end(Object.assign(new Error(`${files} files`), { code: "EMFILE" }));
}

/**
 * @param {unknown} error
 */
function end(error) {
  console.error(`error: ${failureMessage(error, process.argv.includes("--debug"))}`);
  process.exit(1);
}

/** Files that a process of ours opens at the same time, at least. */
const FEWEST_FILES = 128;

/**
 * Files that this process may open at the same time. Where the system does not tell, there is no limit to speak of.
 *
 * @returns {number}
 */
function openFiles() {
  try {
    const [, files] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return files === undefined ? Number.POSITIVE_INFINITY : Number(files);
  } catch (error) {
    // There is such a file on Linux only; and where it cannot be opened for want of files, there are none.
    return Object(error).code === "EMFILE" ? 0 : Number.POSITIVE_INFINITY;
  }
}

/**
 * What failed, in words.
 *
 * @param {unknown} error
 * @param {boolean} withStack
 * @returns {string}
 */
export function failureMessage(error, withStack = false) {
  if (!(error instanceof Error)) return String(error);
  const limit = limitReached(error);
  if (!withStack || error.stack === undefined) return limit ?? error.message;
  return limit === undefined ? error.stack : `${limit}\n${error.stack}`;
}

/**
 * The limit that the system has set to this process, where that is what failed.
 *
 * @param {Error} error
 * @returns {string | undefined}
 */
function limitReached({ message, ...error }) {
  const code = "code" in error ? error.code : undefined;
  if (code === "EMFILE") {
    return `this process may open no more files (EMFILE). It needs ${FEWEST_FILES} at least: raise the limit, such as by ulimit -n 1024`;
  }
  if (code === "ENFILE") return "the system has no room for more open files (ENFILE)";
  if (code === "ERR_WORKER_INIT_FAILED" || code === "ERR_WORKER_OUT_OF_MEMORY" || OUT_OF_MEMORY.test(message)) {
    return `this process gets no more memory (${message}). Where ulimit -v limits its addresses, raise that: it reserves more than it uses`;
  }
  return undefined;
}

const OUT_OF_MEMORY = /out of memory|could not allocate memory|cannot allocate|array buffer allocation failed/i;
