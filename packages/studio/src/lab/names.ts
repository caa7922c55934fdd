/** Names of experiments, for the page and its thread. */

/** The experiment's name; a task of several that share one has its own behind it, as in their checkpoints. */
export function nameWith(experiment: string, task: unknown): string {
  return task === undefined ? experiment : `${experiment} ${task}`;
}

/** The task that a configuration of any kind is of, if it says one. */
export function taskOf(config: unknown): unknown {
  return typeof config === "object" && config !== null && "task" in config ? config.task : undefined;
}
