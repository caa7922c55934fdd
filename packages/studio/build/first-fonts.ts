/** The fonts of what is seen first, named in the page itself: a style sheet would ask for them only once it is read. */

import type { Plugin } from "vite";

/** Letters without slant, of headings and of text. */
const FIRST = /source-(?:serif-4|sans-3)-latin-wght-normal/;

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
