"""Exactly k of n by the recursion over entries: marginals, exact draws, and draws with the marginals' gradient."""
from serve import arguments, serve

options = arguments(task="simple", batch=100, n=100, k=10)

import torch

torch.set_num_threads(options.threads)
torch.manual_seed(0)
# Probabilities of far too few or too many entries are subnormal, which takes many times as long.
torch.set_flush_denormal(True)

shape = (options.batch, options.n)
k = options.k
logits = torch.randn(shape, requires_grad=True)
cotangent = torch.randn(shape)
impossible = -1e30


def sums(scores):
    """Of the first entries, from none to all of them, the log of the sum over sets of each size, [batch, k + 1]."""
    row = torch.full((options.batch, k + 1), impossible)
    row[:, 0] = 0
    rows = [row]
    for i in range(options.n):
        more = torch.logaddexp(row[:, 1:], row[:, :-1] + scores[:, i : i + 1])
        row = torch.cat([row[:, :1], more], 1)
        rows.append(row)
    return rows


def marginals(create_graph):
    total = sums(logits)[-1][:, k].sum()
    return torch.autograd.grad(total, logits, create_graph=create_graph)[0]


def sample():
    with torch.no_grad():
        rows = sums(logits)
        left = torch.full((options.batch, 1), k)
        draw = torch.zeros(shape)
        for i in range(options.n - 1, -1, -1):
            with_it = rows[i].gather(1, (left - 1).clamp(min=0)) + logits[:, i : i + 1]
            probability = torch.exp(with_it - rows[i + 1].gather(1, left)) * (left > 0)
            taken = torch.rand((options.batch, 1)) < probability
            draw[:, i : i + 1] = taken
            left = left - taken.long()
        return draw


def simple():
    logits.grad = None
    draw = sample()
    mean = marginals(create_graph=True)
    value = draw + (mean - mean.detach())
    (value * cotangent).sum().backward()


tasks = {"simple": simple, "marginals": lambda: marginals(create_graph=False), "sample": sample}


def step():
    tasks[options.task]()


serve(step)
