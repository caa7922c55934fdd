/** The studio's server: the built page, and for it the run folder and modules of experiments. It writes nothing, and reads nothing else. */

import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { hostname } from "node:os";
import { extname } from "node:path";
import { errorCode } from "../runs/files.ts";
import { type Answer, fileAnswer, refusal, sendAnswer } from "./answers.ts";
import { openInside } from "./files.ts";
import { pageHeaders, scriptHeaders } from "./headers.ts";
import { answerAboutModules } from "./modules-api.ts";
import { answerAboutRuns } from "./runs-api.ts";
import { parseTarget } from "./targets.ts";

export interface StudioOptions {
  /** Folder of the built page. */
  readonly page: string;
  /** Folder of the run folders; it need not exist. */
  readonly runs: string;
  /** Whole paths of the modules of experiments that the page trains beside its own. */
  readonly modules?: readonly string[] | undefined;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

export interface Studio {
  readonly url: string;
  /** Ends all connections, and resolves when they have. */
  close(): Promise<void>;
}

/** @throws Error that says what to do, when the page is not built or the address cannot be had */
export async function startStudio(options: StudioOptions): Promise<Studio> {
  await checkPage(options.page);
  const server = createServer((request, response) => {
    answer(options, request)
      .catch((error) => refusal(500, (error as Error).message))
      .then((answer) => sendAnswer(request, response, { ...answer, headers: { ...pageHeaders, ...answer.headers } }))
      .catch(() => response.destroy());
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return { url: `http://${isIP(options.host) === 6 ? `[${options.host}]` : options.host}:${port}/`, close };

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

async function checkPage(page: string): Promise<void> {
  const index = await openInside(page, ["index.html"]);
  if (index === undefined) {
    throw new Error(`The page is not built: there is no index.html in ${page}. Build it with: npm run build`);
  }
  await index.handle.close();
}

function listen(server: Server, { host, port }: StudioOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenFailure(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function listenFailure(error: Error, host: string, port: number): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program has that port. Choose another with --port; 0 takes any free one.",
    EACCES: "this user may not use that port. Choose one above 1023 with --port.",
    EADDRNOTAVAIL: "this machine has no such address.",
    ENOTFOUND: "no such host is known.",
  };
  return new Error(`cannot listen on ${host}, port ${port}: ${reasons[errorCode(error) ?? ""] ?? error.message}`, {
    cause: error,
  });
}

async function answer({ page, runs, modules = [], host }: StudioOptions, request: IncomingMessage): Promise<Answer> {
  if (!isOwnName(request.headers.host, host)) {
    return refusal(421, `This server does not go by the name of ${JSON.stringify(request.headers.host ?? "")}.`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refusal(405, "This server is only for reading.", { Allow: "GET, HEAD" });
  }
  const target = parseTarget(request.url!);
  if (target === undefined) return refusal(400, "That is no path of this server.");
  const [first, ...rest] = target.names;
  if (first === "api" && rest.join("/") === "experiments.json") return answerAboutModules(modules);
  if (first === "api") return answerAboutRuns(runs, rest, target.query);
  return answerPage(page, target.names);
}

/**
 * Whether a browser that sends this Host means this server. A page of another site can have its own name lead here, and
 * would then count as this server's: no other names are answered to. An address cannot be made to lead elsewhere.
 */
function isOwnName(header: string | undefined, host: string): boolean {
  const name = /^(?:\[(?<six>[\da-f:.]+)\]|(?<plain>[\w.-]+))(?::\d+)?$/i.exec(header ?? "")?.groups;
  const given = (name?.six ?? name?.plain ?? "").toLowerCase();
  return isIP(given) !== 0 || ["localhost", host.toLowerCase(), hostname().toLowerCase()].includes(given);
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
};

/** What shrinks: pictures and fonts are compressed already. */
const TEXTS = new Set([".html", ".js", ".css", ".json", ".svg", ".wasm"]);

async function answerPage(page: string, names: readonly string[]): Promise<Answer> {
  const file = await openInside(page, names);
  if (file === undefined) return refusal(404, "There is no such file.");
  // The build gives the files of this folder names with a digest of their content, so they never change.
  const isLasting = names[0] === "assets";
  const extension = extname(names.at(-1)!);
  const headers: Record<string, string> = {
    ...(extension === ".js" && scriptHeaders),
    ...(isLasting && { "Cache-Control": "public, max-age=31536000, immutable" }),
  };
  const answer = fileAnswer(file, TYPES[extension] ?? "application/octet-stream", headers);
  return { ...answer, isCompressible: TEXTS.has(extension) };
}
