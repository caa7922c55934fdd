"""Relaxed orders as PyTorch's users write them, forward and backward: NeuralSort, SoftSort, a bitonic network."""
from serve import arguments, serve

options = arguments(task="neuralsort", batch=100, n=100)

import torch

torch.set_num_threads(options.threads)
torch.manual_seed(0)

n = options.n
logits = torch.randn((options.batch, n), requires_grad=True)
cotangent = torch.randn((options.batch, n, n))


def neuralsort(s):
    apart = (s[:, :, None] - s[:, None, :]).abs().sum(-1)
    weights = n - 1 - 2 * torch.arange(n, dtype=s.dtype)
    return torch.softmax(weights[:, None] * s[:, None, :] - apart[:, None, :], dim=-1)


def softsort(s):
    ordered = torch.sort(s, dim=-1, descending=True).values
    return torch.softmax(-(ordered[:, :, None] - s[:, None, :]).abs(), dim=-1)


def bitonic(s):
    wires = 1 << (n - 1).bit_length()
    values = torch.cat([s, torch.full((len(s), wires - n), -1e4)], dim=-1)
    order = torch.eye(wires).expand(len(s), wires, wires)
    index = torch.arange(wires)
    block = 2
    while block <= wires:
        stride = block // 2
        while stride >= 1:
            partner = index ^ stride
            sign = torch.where(((index & stride) != 0) == ((index & block) != 0), 1.0, -1.0)
            share = torch.sigmoid(sign * (values - values[:, partner]))
            values = share * values + (1 - share) * values[:, partner]
            order = share[:, :, None] * order + (1 - share[:, :, None]) * order[:, partner]
            stride //= 2
        block *= 2
    return order[:, :n, :n]


relaxation = {"neuralsort": neuralsort, "softsort": softsort, "bitonic": bitonic}[options.task]


def gradient():
    logits.grad = None
    relaxation(logits).backward(cotangent)


serve(gradient)
