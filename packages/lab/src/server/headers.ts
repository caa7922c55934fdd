/** The headers that the studio's page is served with, by its development server as by `softdraw studio`. */

/**
 * Nothing from elsewhere, nothing inline. The engine compiles WebAssembly, and makes the workers of its wasm device from a
 * `blob:`; pictures are decoded from there too.
 */
const policyWith = (scripts: string) =>
  [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

const SCRIPTS = "'self' 'wasm-unsafe-eval'";

/** With these the page has `SharedArrayBuffer`, and with it the engine's threads. */
export const isolationHeaders: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

export const pageHeaders: Readonly<Record<string, string>> = {
  ...isolationHeaders,
  "Content-Security-Policy": policyWith(SCRIPTS),
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/**
 * Of scripts, whose policy counts where one is a worker's: in a worker, and nowhere else, code that the reader has written may
 * run, which becomes a module from a `blob:`. It cannot ask others than this server for anything.
 */
export const scriptHeaders: Readonly<Record<string, string>> = {
  ...pageHeaders,
  "Content-Security-Policy": policyWith(`${SCRIPTS} blob:`),
};

/** A report is one file with its styles and pictures inline. It is shown apart from the page, and runs no script. */
export const reportHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "sandbox allow-popups allow-popups-to-escape-sandbox",
    "default-src 'none'",
    "img-src data:",
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
};
