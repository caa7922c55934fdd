/** The run folder for the development server, as `softdraw studio` serves it. */

import { join } from "node:path";
import type { Plugin } from "vite";
import { refusal, sendAnswer } from "../../lab/src/studio/answers.ts";
import { answerAboutRuns } from "../../lab/src/studio/runs-api.ts";
import { parseTarget } from "../../lab/src/studio/targets.ts";

/** Where `npm run studio` was called. */
const RUNS = join(process.env.INIT_CWD ?? process.cwd(), "runs");

export function runs(): Plugin {
  return {
    name: "runs",
    configureServer({ middlewares }) {
      middlewares.use("/api", async (request, response) => {
        const target = parseTarget(request.url!);
        const answer = target ? await answerAboutRuns(RUNS, target.names, target.query) : refusal(400, "No such path.");
        await sendAnswer(request, response, answer);
      });
    },
  };
}
