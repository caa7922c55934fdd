/** The service worker's registration: what has been visited once works without a network. */

export function register(siteUrl: URL): void {
  // Absent where a page is neither served by https nor from this machine.
  if (!("serviceWorker" in navigator)) return;
  const worker = new URL("worker.js", siteUrl);
  navigator.serviceWorker.register(worker, { scope: siteUrl.pathname, updateViaCache: "none" }).catch((error) => {
    console.info(`The site works, but not offline: ${error.message}`);
  });
}
