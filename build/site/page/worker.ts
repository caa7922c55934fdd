/**
 * The service worker of the site. It keeps all files of one build, takes a new build whole or not at all, and gives a page what
 * belongs to the build that the page came from, as long as that page is open: never a program of one with an engine of the
 * other. To every answer it adds the headers that isolate a page, which threads need.
 */

/** What the build writes above this file. */
declare const SITE: { readonly build: string; readonly files: Readonly<Record<string, string>> };

/** No page's types know these. */
interface Worker {
  readonly registration: { readonly scope: string };
  readonly clients: { matchAll(options: object): Promise<readonly { readonly id: string }[]> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", react: (event: Waitable) => void): void;
  addEventListener(type: "fetch", react: (event: Asked) => void): void;
}
interface Waitable {
  waitUntil(work: Promise<unknown>): void;
}
interface Asked extends Waitable {
  readonly request: Request;
  /** The page that asks; empty for a page itself. */
  readonly clientId: string;
  /** The page, or the worker of one, that the answer becomes. */
  readonly resultingClientId: string;
  respondWith(answer: Promise<Response>): void;
}

const worker = self as unknown as Worker;
const { scope } = worker.registration;
const PREFIX = `softdraw ${scope} `;
const cacheOf = (build: string) => PREFIX + build;
/** Which build each open page came from. */
const PAGES = cacheOf("pages");
/** The only file that changes while a version stays what it is: asked for first, kept for when nobody answers. */
const VERSIONS = `${scope}versions.json`;
const pageUrl = (id: string) => `${scope}?page=${id}`;

const ISOLATING = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

worker.addEventListener("install", (event) => event.waitUntil(takeBuild().then(() => worker.skipWaiting())));
worker.addEventListener("activate", (event) => event.waitUntil(dropOldBuilds()));
worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(scope)) event.respondWith(answer(event).then(isolated));
});

/** Every file must be the one that this build has: a host that is between two builds is asked again at the next visit. */
async function takeBuild(): Promise<void> {
  const cache = await caches.open(cacheOf(SITE.build));
  const waiting = Object.entries(SITE.files);
  const take = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [path, integrity] = next;
      await cache.add(new Request(scope + path, { integrity, cache: "no-cache" }));
    }
  };
  await Promise.all(Array.from({ length: 6 }, take));
  await (await caches.open(PAGES)).add(VERSIONS);
}

async function answer(event: Asked): Promise<Response> {
  const build = await buildFor(event);
  const url = new URL(event.request.url);
  const path = url.origin + url.pathname;
  const kept = await (await caches.open(cacheOf(build))).match(path.endsWith("/") ? `${path}index.html` : path);
  // The list of versions, and other versions in folders of their own.
  return kept ?? fetchElse(event.request);
}

async function fetchElse(request: Request): Promise<Response> {
  const cache = await caches.open(PAGES);
  const isVersions = request.url === VERSIONS;
  try {
    const response = await fetch(request);
    if (isVersions && response.ok) await cache.put(request.url, response.clone());
    return response;
  } catch (error) {
    const kept = isVersions ? await cache.match(request.url) : undefined;
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** A page that is opened gets this build, and all that it and its workers ask for later comes from the same. */
async function buildFor({ request, clientId, resultingClientId }: Asked): Promise<string> {
  const pages = await caches.open(PAGES);
  const known = request.mode === "navigate" ? undefined : await pages.match(pageUrl(clientId));
  const build = known === undefined ? SITE.build : await known.text();
  if (resultingClientId !== "") await pages.put(pageUrl(resultingClientId), new Response(build));
  return build;
}

/** Those that no open page came from. */
async function dropOldBuilds(): Promise<void> {
  const pages = await caches.open(PAGES);
  const open = await worker.clients.matchAll({ type: "all", includeUncontrolled: true });
  const used = new Set([PAGES, cacheOf(SITE.build)]);
  const urls = new Set(open.map(({ id }) => pageUrl(id)));
  for (const { url } of await pages.keys()) {
    if (urls.has(url)) used.add(cacheOf(await (await pages.match(url))!.text()));
    else if (url.startsWith(`${scope}?page=`)) await pages.delete(url);
  }
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && !used.has(name)) await caches.delete(name);
  }
}

function isolated(response: Response): Response {
  // Of another site, or a redirection: it is passed on as it is.
  if (response.type !== "basic" && response.type !== "default") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATING)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
