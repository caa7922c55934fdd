/** Stands in for the modules that documents name, which are the reader's. */

export { cheapest as default } from "../sixth-experiment/cheapest.ts";
