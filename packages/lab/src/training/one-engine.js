// @ts-check
/**
 * One engine for modules from anywhere. What makes arrays and what computes with them has to be the same copy of the engine, and a
 * module of one's own may lie where there is none, or another one.
 */

import * as modules from "node:module";

/** What the lab and a module of one's own have to share. */
const SHARED = /^(?:softdraw|@softdraw\/(?:experiments|threads)|@jax-js\/jax)(?:\/|$)/;

/** Whatever imports them, they are those that the lab has. */
export const resolve = /** @type {modules.ResolveHook} */ (
  (specifier, context, next) =>
    next(specifier, SHARED.test(specifier) ? { ...context, parentURL: import.meta.url } : context)
);

let isShared = false;

/** Has all modules that are imported from now on share the lab's engine. */
export function shareEngine() {
  if (isShared) return;
  isShared = true;
  // Node 20 has only the hooks that run in a thread of their own; later ones are to lose those.
  const { registerHooks } = /** @type {{ registerHooks?: (hooks: object) => void }} */ (modules);
  if (registerHooks === undefined) modules.register(import.meta.url);
  else registerHooks({ resolve });
}
