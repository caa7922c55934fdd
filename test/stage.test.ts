/** What is laid out to be published: what npm is told of a package, and documents whose links lead somewhere. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { STAGED, stage } from "../build/stage.js";
import { parseMarkdown } from "./documents/markdown.ts";

const ADDRESS = "https://example.org/someone/softdraw";
const folder = mkdtempSync(join(tmpdir(), "softdraw-stage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is staged of a package without its code, whether or not it is built. */
function staged(name: string, repository: string | undefined) {
  const target = join(folder, `${name}-${repository === undefined ? "nowhere" : "somewhere"}`);
  stage(name, { folder: target, repository, built: join(folder, "nothing") });
  const documents = (readdirSync(target, { recursive: true }) as string[]).filter((path) => /\.md$/.test(path));
  return {
    manifest: JSON.parse(readFileSync(join(target, "package.json"), "utf8")),
    documents: documents.map((path) => parseMarkdown(path, readFileSync(join(target, path), "utf8"))),
    path: (file: string) => join(target, file),
  };
}

describe.each(["softdraw", "threads"])("%s", (name) => {
  test("without an address says nothing of one, and every link leads to a file of the package", () => {
    const { manifest, documents, path } = staged(name, undefined);
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(["repository"]));
    expect(manifest).not.toHaveProperty("homepage");
    expect(manifest).not.toHaveProperty("bugs");
    expect(manifest.publishConfig).toEqual({ access: "public" });
    const anchors = new Map(documents.map((document) => [document.path, document.anchors]));
    const broken = documents.flatMap(({ path: from, links }) =>
      links
        .filter((link) => !existsSync(path(link.path)) || (link.anchor && !anchors.get(link.path)?.has(link.anchor)))
        .map((link) => `${from}:${link.line}: ${link.path}#${link.anchor ?? ""}`),
    );
    expect(broken).toEqual([]);
    const packed = documents.map((document) => document.path.split("/")[0]!).filter((file) => file !== "README.md");
    expect(manifest.files).toEqual(expect.arrayContaining(packed));
  });

  test("with an address says it, and links there", () => {
    const { manifest, documents, path } = staged(name, ADDRESS);
    expect(manifest).toMatchObject({
      repository: { type: "git", url: `git+${ADDRESS}.git`, directory: `packages/${name}` },
      homepage: `${ADDRESS}/tree/main/packages/${name}#readme`,
      bugs: `${ADDRESS}/issues`,
      publishConfig: { access: "public", provenance: true },
    });
    expect(documents.map((document) => document.path)).toEqual(["README.md"]);
    expect(documents[0]!.links.filter((link) => !existsSync(path(link.path)))).toEqual([]);
  });

  test("has no scripts, and nothing of this repository's tools", () => {
    for (const key of ["scripts", "devDependencies", "private", "size-limit"]) {
      expect(staged(name, undefined).manifest).not.toHaveProperty([key]);
    }
  });
});

test("what is published has one version, wants the same Node, and of each other exactly that version", () => {
  const manifests = STAGED.map((name) => staged(name, undefined).manifest);
  const { version, engines } = JSON.parse(
    readFileSync(new URL("../packages/softdraw/package.json", import.meta.url), "utf8"),
  );
  const names = manifests.map(({ name }) => name);
  for (const { name, dependencies = {}, peerDependencies = {}, ...manifest } of manifests) {
    expect(manifest, name).toMatchObject({ version, engines, license: "MIT" });
    const own = Object.entries({ ...dependencies, ...peerDependencies }).filter(([other]) => names.includes(other));
    for (const [other, range] of own) expect(range, `${other} of ${name}`).toBe(version);
  }
});

test("the library's README leads to its guides", () => {
  const guides = ["bernoulli", "categorical", "conditional-bernoulli", "permutation", "subset"];
  const here = staged("softdraw", undefined);
  for (const guide of guides) expect(statSync(here.path(`docs/${guide}.md`)).size).toBeGreaterThan(1000);
  expect(here.documents.find(({ path }) => path === "README.md")!.links.map(({ path }) => path)).toEqual(
    expect.arrayContaining(guides.map((guide) => `docs/${guide}.md`)),
  );
  const readme = readFileSync(staged("softdraw", ADDRESS).path("README.md"), "utf8");
  for (const guide of guides) expect(readme).toContain(`](${ADDRESS}/blob/main/docs/${guide}.md)`);
});

test("what is only in the repository loses its link and keeps its text, and code is left as it is", () => {
  const { path } = staged("softdraw", undefined);
  const decisions = readFileSync(path("docs/decisions.md"), "utf8");
  expect(decisions).toMatch(/ convolution\.ts[ ,]/);
  expect(decisions).toContain("[noise.ts](../src/noise.ts)");
  const original = readFileSync(new URL("../docs/categorical.md", import.meta.url), "utf8");
  const code = (text: string) => text.match(/^```.*?^```$/gms);
  expect(code(readFileSync(path("docs/categorical.md"), "utf8"))).toEqual(code(original));
});
