/** The run folder for the development server, as `softdraw studio` serves it. */

import { join } from "node:path";
import type { Plugin } from "vite";

/** Where `npm run studio` was called. */
const RUNS = join(process.env.INIT_CWD ?? process.cwd(), "runs");

export function runs(): Plugin {
  return {
    name: "runs",
    async configureServer({ middlewares }) {
      const { refusal, sendAnswer } = await import("@softdraw/lab/server/answers");
      const { answerAboutModules } = await import("@softdraw/lab/server/modules-api");
      const { answerAboutRuns } = await import("@softdraw/lab/server/runs-api");
      const { parseTarget } = await import("@softdraw/lab/server/targets");
      middlewares.use("/api/experiments.json", async (request, response) =>
        sendAnswer(request, response, await answerAboutModules([])),
      );
      middlewares.use("/api", async (request, response) => {
        const target = parseTarget(request.url!);
        const answer = target ? await answerAboutRuns(RUNS, target.names, target.query) : refusal(400, "No such path.");
        await sendAnswer(request, response, answer);
      });
    },
  };
}
