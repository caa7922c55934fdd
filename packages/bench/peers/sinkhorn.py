"""Gumbel-Sinkhorn forward and backward, as PyTorch users write it: log-sum-exps, noise included."""
from serve import arguments, serve

options = arguments(batch=10, n=100, iterations=20, temperature=1.0)

import torch

torch.set_num_threads(options.threads)
torch.manual_seed(0)

shape = (options.batch, options.n, options.n)
logits = (3 * torch.randn(shape)).requires_grad_()
cotangent = torch.randn(shape)


def gumbel():
    tiny = 1e-20
    return -torch.log(-torch.log(torch.rand(shape) + tiny) + tiny)


def step():
    logits.grad = None
    x = (logits + gumbel()) / options.temperature
    for _ in range(options.iterations):
        x = x - torch.logsumexp(x, -1, keepdim=True)
        x = x - torch.logsumexp(x, -2, keepdim=True)
    x.exp().backward(cotangent)


serve(step)
