/** The command that asks for a training again: every run keeps its own. */

import { type BaseConfig, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { missedScope } from "@softdraw/experiments/training/scopes";
import type { Device } from "./engine.ts";

/**
 * The command that trains with this configuration: what differs from the defaults, the task's if there are tasks, is spelled
 * out, and so is another device, which makes other bytes.
 */
export function trainCommand(experiment: Experiment, config: BaseConfig, device: Device = "wasm"): string {
  return onDevice(
    ["softdraw train", calledBy(experiment), ...configurationFlags(experiment, config)].join(" "),
    device,
  );
}

/** What an experiment is called by: its name, or the path of its module, which stays right from any folder. */
export function calledBy({ name, module }: Experiment): string {
  return module === undefined ? name : quote(module.path);
}

/** A command, to be computed on a device. */
export function onDevice(command: string, device: Device): string {
  return device === "wasm" ? command : `${command} --device ${device}`;
}

/** The options that ask for a configuration. */
export function configurationFlags(experiment: Experiment, config: BaseConfig): string[] {
  const { task } = config;
  const { task: usual } = experiment.schema.parse({});
  const defaults: BaseConfig = { ...experiment.schema.parse(task === undefined ? {} : { task }), task: usual };
  const own = experimentFor(experiment, config);
  return (
    Object.entries(config)
      .filter(([name, value]) => value !== undefined && value !== defaults[name as keyof BaseConfig])
      // Of a preset: it says nothing here, and would be refused of who asks for it.
      .filter(([name]) => missedScope(own, config, name) === undefined)
      .map(([name, value]) => {
        if (typeof value === "boolean") return value ? `--${kebab(name)}` : `--no-${kebab(name)}`;
        return `--${kebab(name)} ${quote(String(value))}`;
      })
  );
}

/** The name of a configuration's field as the command line writes it: `learningRate` is `learning-rate`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A word as a shell takes it: in quotes where it needs them. */
export function quote(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
