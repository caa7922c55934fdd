"""Gumbel-softmax forward and backward, on random logits and with random cotangents."""
from serve import arguments, serve

options = arguments(batch=100, variables=30, classes=10, hard=0)

import torch
from torch.nn.functional import gumbel_softmax

torch.set_num_threads(options.threads)
torch.manual_seed(0)

shape = (options.batch, options.variables, options.classes)
logits = torch.randn(shape, requires_grad=True)
cotangent = torch.randn(shape)


def step():
    logits.grad = None
    gumbel_softmax(logits, tau=1.0, hard=bool(options.hard), dim=-1).backward(cotangent)


serve(step)
