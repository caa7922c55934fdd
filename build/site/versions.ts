/** Which versions a site has, and the folders of the earlier ones below it. */

import { existsSync, readdirSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";

export interface Version {
  readonly version: string;
  /** From the folder of the site that lists it, with a slash at its end. */
  readonly path: string;
}

export class WrongFolder extends Error {}

const LIST = "versions.json";

/** @throws WrongFolder for a folder that is neither empty nor a site, or that has the earlier site in it */
export function checkFolder(folder: string, earlier: string | undefined): void {
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, LIST)))
    throw new WrongFolder(
      `${folder} has other files than those of a site, and would be made anew. Choose another --out.`,
    );
  if (earlier !== undefined && `${earlier}${sep}`.startsWith(`${folder}${sep}`))
    throw new WrongFolder(
      `${folder} would be made anew, and the earlier site is in it. Move that, or choose another --out.`,
    );
}

/**
 * This version, and those of the earlier site.
 *
 * @throws WrongFolder where there is no site, or one of the same version
 */
export async function versionsOf(version: string, earlier: string | undefined): Promise<readonly Version[]> {
  if (earlier === undefined) return [{ version, path: "./" }];
  const kept = await readVersions(earlier);
  if (kept.some((other) => other.version === version))
    throw new WrongFolder(`${earlier} has version ${version}, too. Expected the site of an earlier version.`);
  return [{ version, path: "./" }, ...kept.map(({ version }) => ({ version, path: `${version}/` }))];
}

async function readVersions(site: string): Promise<readonly Version[]> {
  const text = await readFile(join(site, LIST), "utf8").catch(() => undefined);
  if (text === undefined) throw new WrongFolder(`${site} is no site: it has no ${LIST}.`);
  return JSON.parse(text);
}

/** Copies the earlier versions below the site, and gives each the list as it is seen from there. */
export async function writeVersions(
  folder: string,
  versions: readonly Version[],
  earlier: string | undefined,
): Promise<void> {
  const kept = earlier === undefined ? [] : await readVersions(earlier);
  for (const { version, path } of kept) {
    const others = kept.filter((other) => other.path !== path).map((other) => join(earlier!, other.path, "index.html"));
    const isAnother = (source: string) => path === "./" && others.includes(join(source, "index.html"));
    const to = join(folder, version);
    await cp(join(earlier!, path), to, { recursive: true, filter: (source) => !isAnother(source) });
  }
  await writeFile(join(folder, LIST), JSON.stringify(versions));
  for (const { version } of kept) {
    const seen = versions.map(({ version: other, path }) => ({
      version: other,
      path: other === version ? "./" : path === "./" ? "../" : `../${path}`,
    }));
    await writeFile(join(folder, version, LIST), JSON.stringify(seen));
  }
}
