import { readdir, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { call, type Finished, softdraw, useFolder } from "./support.ts";

const folder = useFolder();

const FILES = {
  "unknown-key.json": '{ "epoch": 3, "temprature": 1, "qqqqqqqqqqqq": 1 }',
  "wrong-value.json": '{ "epochs": 0 }',
  "wrong-name.json": '{ "schedule": "cosin" }',
  "no-json.json": "epochs = 3",
  "foreign.json": `{ "\u001b[2J${"x".repeat(200)}": 1 }`.replace("\u001b", "\\u001b"),
  "long-value.json": `{ "epochs": "${"x".repeat(200)}" }`,
  "list.json": "[1, 2]\n",
  "damaged.npy": "\x93NUMP",
  "long.json": `{}${" ".repeat(2 ** 20)}`,
};

beforeAll(async () => {
  for (const [name, text] of Object.entries(FILES)) await writeFile(folder.path(name), text);
});

/** Twelve values of eight options: 12^8 combinations. */
const EIGHT_OPTIONS = [
  ...["batch", "epochs", "variables", "temperature"],
  ...["temperature-end", "temperature-rate", "temperature-hold", "learning-rate"],
]
  .map((name) => `--set ${name}=1,2,3,4,5,6,7,8,9,10,11,12`)
  .join(" ");

/** One that the parser of the command line refuses, and one that is refused later. */
const PROCESSES = ["train vae --epoch 3", "train vae --batch 10000"];

/** Calls, and what the error has to contain: what was wrong, what was expected, what came, and a suggestion if there is one. */
const calls: [string, string[]][] = [
  ["trian", ["unknown command 'trian'", "Did you mean train?"]],
  ["train", ["Usage: softdraw train"]],
  ["train vea", ["unknown command 'vea'", "Did you mean vae?"]],
  ["train vae --epoch 3", ["unknown option '--epoch'", "Did you mean --epochs?"]],
  ["train vae --epochs", ["--epochs <number>", "argument missing"]],
  [
    "train vae --epochs two --batch 1.5",
    ["--epochs: Expected a number", 'got "two"', "--batch: Expected a whole number, got 1.5."],
  ],
  [
    "train vae --temperature -1 --batch 0",
    ["--temperature: Expected a number above 0, got -1.", "--batch", "of at least 1, got 0."],
  ],
  ["train vae --schedule cosin", ["--schedule", "constant, exponential", 'got "cosin"', 'Did you mean "cosine"?']],
  ["train vae --learning-rate Infinity", ["--learning-rate", "Expected a number, got Infinity."]],
  ["train vae --preset tutoril", ["--preset <name>", "'tutoril'", 'Did you mean "tutorial"?']],
  ["train sort --preset tutorial", ["unknown option '--preset'"]],
  ["train vae --device gpu", ["--device <name>", "'gpu'", "wasm, cpu"]],
  ["train vae --threads 0", ["--threads <number>", "'0'", "whole number of at least 1"]],
  ["train vae --batch 10000", ["batch", "at most the 9000 images of digits train", "got 10000"]],
  ["train vae --data-dir .", ["--data-dir", '"digits" is embedded', "--data mnist"]],
  ["train vae --data mnits", ["--data: Expected one of digits, mnist, fashion-mnist", 'Did you mean "mnist"?']],
  ["train vae --config none.json", ["--config", "none.json", "no such file"]],
  ["train vae --config no-json.json", ["no-json.json", "expected JSON", "epochs = 3"]],
  ["train vae --config foreign.json", [`foreign.json: unknown option "[2J${"x".repeat(76)}…".`]],
  ["train vae --config long-value.json", [`long-value.json: epochs: Expected a number, got "${"x".repeat(78)}….`]],
  ["train vae --config list.json", ["list.json", "expected a JSON object", "got [1, 2]."]],
  [
    "train vae --config unknown-key.json",
    ['unknown option "epoch". Did you mean "epochs"?', 'unknown option "temprature". Did you mean "temperature"?'],
  ],
  ["train vae --config wrong-value.json", ["wrong-value.json: epochs: Expected a number of at least 1, got 0."]],
  ["train vae --config wrong-name.json", ["wrong-name.json: schedule", 'got "cosin"', 'Did you mean "cosine"?']],
  ["train vae --fold 3", ["--fold", "such as 2/5", 'got "3"']],
  ["train vae --fold 3/2", ["--fold", "one of at least two parts", 'got "3/2"']],
  ["sweep", ["Expected an experiment", "vae, dknn", "--resume <folder>"]],
  ["sweep vea --resume here", ['Unknown experiment "vea"', 'Did you mean "vae"?']],
  ["sweep --resume runs/none", ["runs/none is not a sweep", "sweep.json"]],
  ["sweep vae", ["--set", "temperature=0.3,0.5,1"]],
  ["sweep vae --set temperature=1 --set temperature=2", ["--set", "temperature is varied twice"]],
  ["sweep vae --set temperature=uniform(0.1,2)", ["--draws", "temperature has a distribution"]],
  ["sweep vae --set temperature=1 --fold 1/5", ["--fold", "Use --folds"]],
  ["sweep vae --set temprature=1,2", ['no option "temprature"', 'Did you mean "temperature"?']],
  ["sweep vae --set epochs=1,2 --halving", ["--halving", "epochs"]],
  ["sweep vae --set temperature=1 --folds 1", ["--folds <number>", "'1'", "at least 2"]],
  [
    "sweep vae --set temperature=1,2 --seed 4294967295 --seeds 2",
    ["--seeds", "from --seed 4294967295", "up to 4294967295", "got 4294967296"],
  ],
  ["sweep sort --set n=3,4 --folds 3", ["--folds", "sort makes its data", "--seeds"]],
  ["sweep sort --set n=3,4 --test", ["--test", "sort makes its data"]],
  ["sweep vae --set temperature=1,2 --test --folds 3", ["--test", "leave out --folds"]],
  ["sweep vae --set temperature=1,2 --test --halving", ["--test", "Leave out --halving"]],
  ["sweep vae --set estimator/temperature=relaxed/1 --set temperature=2", ["temperature is varied twice"]],
  ["sweep vae --set estimator=relaxed,disarm", ["estimator disarm: estimator must be one of those for categorical"]],
  ["train vae --estimator disarm", ["one of those for categorical choices", "got disarm"]],
  ["train vae --estimator rebars", ["--estimator: Expected one of relaxed", 'Did you mean "rebar"?']],
  ["train vae --latent subset --k 12", ["k must be less than the 10 classes", "got 12"]],
  ["train dknn --shift 0 --whole-pixels", ["wholePixels is an option of a shift above 0", "got true"]],
  ["train explain --task xor --k 10", ["--k: Expected a number of at most 9, got 10."]],
  ["sweep vae --set temperature=1,2 --temperature 2", ["--temperature: --set varies it", "got 2"]],
  ["data describe damaged.npy", ["damaged.npy: is not an .npy file: expected", "got"]],
  ["train vae --data damaged.npy", ["damaged.npy: is not an .npy file: expected", "got"]],
  ["explain --data damaged.npy --predictions a.npy", ["damaged.npy: is not an .npy file: expected", "got"]],
  ["select damaged.npy --target y", ["damaged.npy: expected a table (.csv, .tsv or .parquet), got arrays of NumPy"]],
  [
    "train vae --latent conditional-bernoulli",
    ["one of those for conditional-bernoulli choices, simple, score-function"],
  ],
  [
    "train dknn --sampler neuralsort --relaxation successive",
    ["relaxation is an option of the sampler subset", "got successive"],
  ],
  ["train dknn --sampler conditional-bernoulli --no-noise", ["noise must be on for the sampler conditional-bernoulli"]],
  ["sweep vae --set batch=100,8000", ["batch 8000", "at most the 7500 images", "got 8000"]],
  [
    `sweep vae ${EIGHT_OPTIONS}`,
    [
      "--set: expected at most 100,000 trials, got 429,981,696: 429,981,696 combinations x 1 seeds x 1 held-out",
      "--draws",
    ],
  ],
  ["sweep vae --set temperature=1,2 --seeds 1000000", ["got 2,000,000: 2 combinations x 1000000 seeds"]],
  ["sweep vae --set temperature=1,2 --folds 1000000000", ["got 2,000,000,000: 2 combinations"]],
  ["sweep vae --set temperature=uniform(1,2) --draws 1e12", ["got 1,000,000,000,000: 1,000,000,000,000 combinations"]],
  ["sweep vae --set temperature=1,2 --workers 1e6", ["--workers <number>", "'1e6'", "at most 1024"]],
  ["train sort --iterations 100000", ["--iterations: Expected a number of at most 1000, got 100000."]],
  ["train sort --relaxation softsort --network odd-even", ["network is an option", "leave it out beside softsort"]],
  ["train rank --relaxation neuralsort --iterations 5", ["iterations is an option", "beside neuralsort, got 5"]],
  ["train rank --relaxation soft-sort", ["--relaxation: Expected one of gumbel", 'Did you mean "softsort"?']],
  ["train rank --preset neural-sort", ["--preset <name>", 'Did you mean "neuralsort"?']],
  ["sweep rank --set relaxation/sigmoid=softsort/cauchy", ["sigmoid is an option of the relaxation network"]],
  ["demo sort --n 1", ["--n <numbers>", "'1'", "at least 2"]],
  ["train jigsaw --iterations 1001", ["--iterations: Expected a number of at most 1000, got 1001."]],
  ["train vae --config long.json", ["--config: long.json is too long: expected at most 1048576 bytes, got more."]],
  ["train vae --config .", ["--config: cannot read .: it is a folder."]],
  ["resume runs/none", ["runs/none", "no such folder"]],
  ["eval .", [". is not a run", "config.json"]],
  ["eval runs/none --importance-samples 0", ["--importance-samples <number>", "'0'", "at least 1"]],
  ["sample runs/none --count 1e9", ["--count <number>", "'1e9'", "at most 10000"]],
  ["data verify digit", ["'digit'", "digits, mnist, fashion-mnist", 'Did you mean "digits"?']],
  ["tour vea", ["'vea'", "vae, dknn, jigsaw, explain, graphs", 'Did you mean "vae"?']],
  ["demo", ["Usage: softdraw demo"]],
  ["demo subsets", ["unknown command 'subsets'", "Did you mean subset?"]],
  ["demo subset --weights 1,0,3", ["--weights <numbers>", "'1,0,3'", "positive numbers", 'got "0"']],
  ["demo subset --weights 1,,3", ["--weights <numbers>", "positive numbers", 'got ""']],
  ["demo subset --weights 1,Infinity", ["--weights <numbers>", "positive numbers", 'got "Infinity"']],
  ["demo subset --k 5", ["--k", "from 1 to the number of weights, 4", "got 5"]],
  ["demo subset --k 0", ["--k <number>", "'0'", "at least 1"]],
  [
    "demo subset --weights 1,1,1,1,1,1,1,1,1,1,1,1,1 --k 6",
    ["--k 6 of 13 weights", "4,095 of them", "at most 2,000", "a smaller k or fewer weights"],
  ],
  ["demo subset --temperature 0", ["--temperature <number>", "'0'", "positive number"]],
  ["demo gradients --structure permutation", ["--structure <name>", "'permutation'", "bernoulli, categorical, subset"]],
  ["demo gradients --cost cubic", ["--cost <name>", "'cubic'", "quadratic, toy, network"]],
  ["demo gradients --n 17", ["--n 17", "131,072 of them", "at most 65,536", "a smaller n."]],
  ["demo gradients --structure subset --n 24 --k 12", ["2,704,156 of them", "a smaller n or k."]],
  ["demo gradients --n 65", ["--n <number>", "'65'", "at most 64"]],
  ["demo gradients --structure categorical --n 1", ["--n: expected at least 2", "got 1."]],
  ["demo gradients --structure subset --n 4 --k 4", ["--k: expected a whole number from 1 to 3", "got 4."]],
  ["demo gradients --samples 1,0", ["--samples <numbers>", "'1,0'", "whole number of at least 1"]],
  ["demo gradients --samples 4,4", ["--samples <numbers>", "'4,4'", "got 4 twice"]],
  ["demo gradients --temperature 0", ["--temperature <number>", "'0'", "positive number"]],
  ["demo gradients --draws 1", ["--draws <number>", "'1'", "at least 2"]],
  ["demo gradients --seed -1", ["--seed <number>", "'-1'", "at least 0"]],
  ["demo subset --draws 1e7", ["--draws <number>", "'1e7'", "at most 1000000"]],
];

describe("a wrong call exits 2, says what is wrong, and leaves nothing behind", () => {
  const expectRefusal = async (call: () => Promise<Finished>, expected: string[]) => {
    const before = await readdir(folder.path());
    const { code, out, err } = await call();
    for (const text of expected) expect(err).toContain(text);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).not.toMatch(/\n\s+at /);
    expect(await readdir(folder.path())).toEqual(before);
  };

  test.each(calls)("softdraw %s", async (words, expected) => {
    await expectRefusal(() => call(folder.path(), ...words.split(" ")), expected);
  });

  test.each(calls.filter(([words]) => PROCESSES.includes(words)))(
    "softdraw %s, as a process",
    async (words, expected) => {
      await expectRefusal(() => softdraw(folder.path(), ...words.split(" ")), expected);
    },
  );
});
