/** A report with the content of a real run: digits, ten epochs, every kind of part. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { lineChart, type Series } from "../../src/report/charts.ts";
import type { Report, ReportPicture } from "../../src/report/html.ts";
import { tileImages } from "../../src/report/pixels.ts";
import { encodePicture } from "../../src/report/png.ts";

const EPOCHS = Array.from({ length: 10 }, (_, index) => index + 1);
const TRAINING = EPOCHS.map((epoch) => 104 + 92 / epoch);
const DISCRETE = EPOCHS.map((epoch) => 108.5 + 99 / epoch ** 0.9);
const TEST = EPOCHS.map((epoch) => 110.2 + 86 / epoch ** 0.95);
const TEMPERATURE = EPOCHS.map((epoch) => Math.max(0.5, 1.08 - 0.08 * epoch));

export function sampleReport(): Report {
  return {
    title: "Categorical VAE on digits",
    summary:
      "A variational autoencoder whose code is 30 choices among 10 classes, trained through a relaxation of the " +
      "choices and tested with the choices themselves.",
    command: "softdraw train vae --data digits --epochs 10 --batch 100 --temperature 1 --schedule exponential --seed 0",
    details: [
      ["Date", "2025-03-14 15:09 UTC"],
      ["Softdraw", "0.1.0"],
      ["Device", "wasm, 2 threads"],
      ["Data", "digits: 9,000 to train, 1,000 to test"],
      ["Time", "58 seconds"],
      ["Folder", "runs/vae-2025-03-14-15-09-26-k3f9"],
    ],
    config: {
      data: "digits",
      variables: 30,
      classes: 10,
      encoder: [784, 512, 256, 300],
      decoder: [300, 256, 512, 784],
      batch: 100,
      learningRate: 0.001,
      temperature: { schedule: "exponential", start: 1, rate: 0.0003, floor: 0.5 },
      hard: false,
      workers: null,
      seed: 0,
    },
    results: [
      { name: "Test loss", value: "118.94", note: "nats an image, discrete; lower is better" },
      { name: "Log-likelihood", value: "≥ −109.71", note: "1,000 importance samples" },
      { name: "Soft-hard gap", value: "4.53", note: "discrete less relaxed training loss" },
      { name: "Speed", value: "2,140", note: "images a second" },
    ],
    charts: sampleCharts(),
    pictures: samplePictures(),
    epochs: {
      columns: [
        "Epoch",
        "Training, relaxed",
        "Training, discrete",
        "Test",
        "Reconstruction",
        "KL",
        "Temperature",
        "Images a second",
      ],
      rows: EPOCHS.map((epoch, i) => [
        String(epoch),
        ...[TRAINING[i]!, DISCRETE[i]!, TEST[i]!, TEST[i]! - 24.31, 24.31, TEMPERATURE[i]!].map((x) => x.toFixed(2)),
        (2140 - 11 * epoch).toLocaleString("en-US"),
      ]),
    },
    references: [
      {
        text: "Jang, Gu, Poole, Categorical Reparameterization with Gumbel-Softmax, 2017",
        url: "https://arxiv.org/abs/1611.01144",
      },
      { text: "Gumbel, Statistical Theory of Extreme Values and Some Practical Applications, 1954" },
    ],
  };
}

function sampleCharts(): Report["charts"] {
  const line = (name: string, values: number[]): Series => ({ name, points: values.map((y, i) => ({ x: i + 1, y })) });
  const chart = (title: string, label: string, series: Series[]) =>
    lineChart({ title, x: { label: "epoch" }, y: { label }, series });
  const losses = [line("training, relaxed", TRAINING), line("training, discrete", DISCRETE), line("test", TEST)];
  return [
    {
      title: "Loss",
      caption:
        "Negative evidence lower bound. The relaxed loss is what training lowers; the discrete one is what counts.",
      svg: chart("Loss by epoch", "nats an image", losses),
    },
    {
      title: "Temperature",
      caption: "Lower is closer to discrete choices, with noisier gradients.",
      svg: chart("Temperature by epoch", "temperature", [line("temperature", TEMPERATURE)]),
    },
  ];
}

function samplePictures(): ReportPicture[] {
  const digits = readDigits();
  const picture = (title: string, count: number, columns: number, caption: string, file: string): ReportPicture => {
    const images = digits.subarray(0, count * 784);
    const png = encodePicture(tileImages(images, { height: 28, width: 28, columns, scale: 3, gap: 2 }));
    return { title, caption, file, png, alt: `${count} digits in rows of ${columns}` };
  };
  return [
    picture("Samples", 64, 8, "64 samples: uniform random codes, decoded.", "samples.png"),
    picture("Traversal", 40, 4, "One variable goes through its ten classes, the others stay.", "traversal.png"),
    picture(
      "Reconstructions",
      36,
      12,
      "Top: originals. Middle: soft codes. Bottom: discrete codes.",
      "reconstructions.png",
    ),
  ];
}

/** Real digits from the package that holds them: all the threes. */
function readDigits(): Float32Array {
  const path = createRequire(import.meta.url).resolve("mnist/src/digits/3.json");
  return Float32Array.from((JSON.parse(readFileSync(path, "utf8")) as { data: number[] }).data);
}
