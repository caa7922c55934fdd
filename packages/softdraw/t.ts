import { grad, jit, numpy as np, random, vmap, lax } from "@jax-js/jax";
import { bernoulli, categorical, expectation, subset, noise } from "softdraw";
const soft = categorical as any;
const cat: any = { ...categorical, law: "categorical", eventAxes: 1, marginals: (l: any) => categorical.softMode(l), support: (l: any) => { const n = l.shape.at(-1); l.dispose(); return np.eye(n); },
  perturbGiven: (key: any, value: any, l: any) => { const g = noise.gumbel(key, l.shape); const L = np.maximum(l, -1e30); const Z = np.log(np.exp(L.ref).sum(-1, {keepdims:true})); const top = Z.add(g.ref.mul(value.ref).sum(-1,{keepdims:true})); const b = L.add(g); const other = np.negative(np.log(np.exp(np.negative(top.ref)).add(np.exp(np.negative(b))))); return np.where(value.greater(0.5), top, other); },
  relaxGiven: (key: any, value: any, l: any, o: any) => categorical.softMode(cat.perturbGiven(key, value, l), o) };
const ber: any = { ...bernoulli, law: "bernoulli", eventAxes: 0, marginals: (l: any) => bernoulli.softMode(l), support: (l: any) => { l.dispose(); return np.array([0, 1]); },
  perturbGiven: (key: any, value: any, l: any) => { const u = random.uniform(key, l.shape).mul(0.999998).add(1e-6); const s = value.mul(2).sub(1); const x = s.ref.mul(l).add(np.log(u.ref)); return s.mul(np.log(np.exp(x).add(1)).sub(np.log(np.subtract(1, u)))); },
  relaxGiven: (key: any, value: any, l: any, o: any) => bernoulli.softMode(ber.perturbGiven(key, value, l), o) };
const N = 20000;
async function report(name: string, structure: any, logits: number[], cost: any, options: any) {
  const f = jit(vmap((key: any, l: any) => grad((x: any) => expectation(structure, key, x, cost, options))(l), [0, null]));
  const g = f(random.split(random.key(3), N), np.array(logits));
  const data: number[][] = await g.jsAsync();
  const mean = logits.map((_, i) => data.reduce((a, r) => a + r[i]!, 0) / N);
  const sd = logits.map((_, i) => Math.sqrt(data.reduce((a, r) => a + (r[i]! - mean[i]!) ** 2, 0) / N));
  const exact: number[] = await grad((x: any) => expectation(structure, random.key(0), x, cost, { estimator: "exact" }))(np.array(logits)).jsAsync();
  const z = mean.map((m, i) => (m - exact[i]!) / (sd[i]! / Math.sqrt(N) + 1e-9));
  console.log(name.padEnd(28), "exact", exact.map((x) => x.toFixed(4)).join(" "), "mean", mean.map((x) => x.toFixed(4)).join(" "), "sd", sd.map((x) => x.toFixed(3)).join(" "), "z", z.map((x) => x.toFixed(1)).join(" "));
}
const W = np.array([[0.3, -1, 0.5], [1, 0.2, -0.4], [-0.7, 0.9, 0.1]]);
const network = (v: any) => np.tanh(np.dot(v, W.ref)).sum(-1);
const toy = (v: any) => np.square(v.sub(0.45)).sum(-1);
const list: [string, any][] = [["score-function", {}], ["score-function loo", { estimator: "score-function", baseline: "leave-one-out", samples: 4 }], ["score-function greedy", { estimator: "score-function", baseline: "greedy", samples: 2 }], ["score 0.3", { estimator: "score-function", baseline: 0.3 }], ["unordered-set", { samples: 2 }], ["unordered 3", {estimator: "unordered-set", samples: 3 }], ["unordered 1", {estimator: "unordered-set", samples: 1 }], ["simple", { samples: 2 }], ["disarm", {samples: 4}], ["rebar", { temperature: 0.5 }], ["rebar scale", {estimator: "rebar", temperature: 0.5, scale: 0.4, samples: 2 }], ["relax", { temperature: 0.5, variate: (z: any) => z.ref.mul(z).sum(-1) }], ["relaxed", { temperature: 0.5 }], ["relaxed2", { estimator: "relaxed", temperature: 0.5, backwardTemperature: 1 }], ["straight-through", { temperature: 0.5 }], ["gumbel-rao", { temperature: 0.5 }], ["gapped-straight-through", {}], ["reinmax", {}], ["imle", {}], ["perturbed", {}], ["perturbed loo", { estimator: "perturbed", baseline: "leave-one-out", samples: 4 }]];
for (const [name, o] of list) for (const [s, st] of [["cat", cat], ["ber", ber]] as const) {
  try { await report(s + " " + name, st, [0.5, -0.3, 0.8], network, { estimator: name, ...o }); } catch (e: any) { console.log(s, name, e.message.slice(0, 200)); }
}
