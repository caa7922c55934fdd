/** The licences of all that is not ours in the page, as a file of it: by what its bundles are made of, when it is built. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const FILE = "licenses.txt";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  /** Of its licence; absent where it comes without one. */
  readonly text?: string;
}

/**
 * Writes the licences of what is bundled. The page and its threads are bundled apart from each other, the threads first: so the
 * same collection is given to the plugins of both, and the page's has the file.
 *
 * Vite's own list has the page's modules of JavaScript alone.
 *
 * @param more the package.json of packages of which something is in the page that is no module, such as data
 */
export function licenses(more: readonly string[]): { readonly page: Plugin; readonly threads: Plugin } {
  const bundled = new Set(more);
  let root = "";
  const collect = (ids: Iterable<string>) => {
    for (const id of ids) if (/^[^\0].*\/node_modules\//.test(id)) bundled.add(packageFileOf(id));
  };
  return {
    threads: {
      name: "licenses-of-threads",
      generateBundle() {
        collect(this.getModuleIds());
      },
    },
    page: {
      name: "licenses",
      configResolved(config) {
        root = config.root;
      },
      generateBundle(_, bundle) {
        collect(this.getModuleIds());
        // Fonts are wanted by styles, and are no modules.
        const files = Object.values(bundle).flatMap((part) => (part.type === "asset" ? part.originalFileNames : []));
        collect(files.map((file) => join(root, file)));
        const packages = [...bundled].map(packageAt).sort((a, b) => (a.name < b.name ? -1 : 1));
        this.emitFile({ type: "asset", fileName: FILE, source: listed(packages) });
      },
    },
  };
}

/** The package.json of the package that a module is of. */
function packageFileOf(module: string): string {
  const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(module)!;
  return join(folder!, "package.json");
}

function packageAt(file: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(file, "utf8"));
  const text = readdirSync(dirname(file)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  return { name, version, license, ...(text && { text: readFileSync(join(dirname(file), text), "utf8").trim() }) };
}

function listed(packages: readonly Package[]): string {
  const parts = packages.map(({ name, version, license = "no licence is named", text }) => {
    const head = `## ${name} ${version} (${license})\n`;
    return text === undefined ? head : `${head}\n\`\`\`text\n${text}\n\`\`\`\n`;
  });
  return `# Licences of what these pages are made of\n\n${parts.join("\n")}`;
}
