import { experiments } from "@softdraw/experiments/all";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addCommand, COMMANDS } from "../../src/cli/commands.ts";
import { call, softdraw, useFolder } from "./support.ts";

const folder = useFolder();

test.each([
  "",
  "train",
  "train vae",
  "train dknn",
  "train explain",
  "tour",
  "resume",
  "eval",
  "sample",
  "runs",
  "devices",
  "studio",
  "data",
  "data list",
  "data fetch",
  "data verify",
  "demo",
  "select",
  "sweep",
  "sweep vae",
  "demo subset",
  "demo explain",
  "demo gradients",
  "demo sort",
])("softdraw %s --help: exits 0, says how to call it, and gives an example", async (command) => {
  const words = command === "" ? [] : command.split(" ");
  const { code, out, err } = await call(folder.path(), ...words, "--help");
  expect(code).toBe(0);
  expect(err).toBe("");
  expect(out).toContain(`Usage: ${["softdraw", ...words].join(" ")}`);
  expect(out).toMatch(new RegExp(`Examples?:\n  ${["softdraw", ...words].join(" ")}`));
});

test("the help of train vae has every option with its default, and says which source counts", async () => {
  const { out } = await call(folder.path(), "help", "train");
  expect(out).toContain("vae");
  const { out: options } = await call(folder.path(), "train", "vae", "--help");
  for (const option of ["--preset", "--config", "--data-dir", "--learning-rate", "--temperature", "--hard", "--json"]) {
    expect(options).toContain(`  ${option} `);
  }
  expect(options).toContain("(default: 0.001)");
  expect(options).toContain("An option given here counts before one of --config, and that before one of --preset.");
});

test("the first help has an example of every experiment", async () => {
  const { out } = await call(folder.path(), "--help");
  for (const { name, title } of experiments)
    expect(out).toMatch(new RegExp(`^  softdraw train ${name} +${title}`, "m"));
  const { out: train } = await call(folder.path(), "train", "--help");
  for (const { name } of experiments) expect(train).toContain(`\n  softdraw train ${name} --help`);
});

test.each(Object.entries(COMMANDS))(
  "the first help says of %s what the command says of itself",
  async (name, { takes }) => {
    const program = new Command();
    await addCommand(program, name, []);
    const [command] = program.commands;
    expect(program.createHelp().subcommandTerm(command!)).toBe(`${name} ${takes}`.trim());
  },
);

test("--version is the version of the package", async () => {
  const { default: packageJson } = await import("../../package.json", { with: { type: "json" } });
  expect(await softdraw(folder.path(), "--version")).toEqual({ code: 0, out: `${packageJson.version}\n`, err: "" });
});

test("without a command, the help, as an error", async () => {
  const { code, out, err } = await softdraw(folder.path());
  expect(code).toBe(2);
  expect(out).toBe("");
  expect(err).toContain("Usage: softdraw");
});
