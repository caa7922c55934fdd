/** The headers of the built page where Vite serves it: those of `softdraw studio`, unless others are asked for. */

import type { Plugin } from "vite";

export function policies(): Plugin {
  return {
    name: "policies",
    async configurePreviewServer({ config, middlewares }) {
      const { pageHeaders, scriptHeaders } = await import("@softdraw/lab/server/headers");
      if (Object.keys(config.preview.headers ?? {}).length > 0) return;
      middlewares.use((request, response, next) => {
        const isScript = new URL(request.url!, "http://page").pathname.endsWith(".js");
        for (const [name, value] of Object.entries(isScript ? scriptHeaders : pageHeaders))
          response.setHeader(name, value);
        next();
      });
    },
  };
}
