"""Relaxed top-k by successive softmax, forward and backward; or the k largest of perturbed logits."""
from serve import arguments, serve

options = arguments(task="successive", batch=100, n=100, k=9, temperature=1.0)

import torch

torch.set_num_threads(options.threads)
torch.manual_seed(0)

shape = (options.batch, options.n)
logits = torch.randn(shape, requires_grad=options.task != "sample")
cotangent = torch.randn(shape)
smallest = torch.tensor(torch.finfo(torch.float32).tiny)


def relaxed(scores):
    taken = torch.zeros_like(scores)
    p = torch.zeros_like(scores)
    for _ in range(options.k):
        scores = scores + torch.log(torch.maximum(1 - p, smallest))
        p = torch.softmax(scores / options.temperature, dim=-1)
        taken = taken + p
    return taken


def gradient():
    logits.grad = None
    relaxed(logits).backward(cotangent)


def sample():
    uniform = torch.rand(shape).clamp_(1e-7, 1 - 1e-7)
    torch.topk(logits - torch.log(-torch.log(uniform)), options.k)


serve(sample if options.task == "sample" else gradient)
