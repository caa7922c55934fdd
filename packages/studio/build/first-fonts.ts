/** The fonts of what is seen first, named in the page itself: a style sheet would ask for them only once it is read. */

import type { Plugin } from "vite";

/** Those of every page: its headings, its text, and its name in italics. */
const FIRST = /source-(?:serif-4|sans-3)-latin-wght-(?:normal|italic)/;

export function firstFonts(): Plugin {
  return {
    name: "first-fonts",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle = {} }) =>
        Object.keys(bundle)
          .filter((name) => FIRST.test(name))
          .map((name) => ({
            tag: "link",
            attrs: { rel: "preload", as: "font", type: "font/woff2", crossorigin: true, href: `./${name}` },
            injectTo: "head-prepend",
          })),
    },
  };
}
