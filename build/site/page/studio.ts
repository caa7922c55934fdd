/**
 * Beside the studio: threads need headers, which the service worker adds from the second visit on. So a first visit that
 * begins here is loaded again as soon as the worker can answer, unless someone has begun to use the page.
 */

import { register } from "./offline.ts";

const RELOADED = "softdraw-reloaded-for-threads";

register(new URL("..", document.baseURI));
if (!crossOriginIsolated && "serviceWorker" in navigator) void reloadForThreads();

async function reloadForThreads(): Promise<void> {
  // Once only: a page that is loaded past its service worker has no threads, and reloading does not change that.
  if (sessionStorage.getItem(RELOADED) !== null) return;
  let isUsed = false;
  for (const event of ["pointerdown", "keydown", "wheel", "touchstart"])
    addEventListener(
      event,
      () => {
        isUsed = true;
      },
      { once: true, passive: true },
    );
  await navigator.serviceWorker.ready;
  if (isUsed || navigator.serviceWorker.controller !== null) return;
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
}
