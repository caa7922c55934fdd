"""A training step of the categorical VAE by one estimator of the gradient, on random images, each written out as its paper has it."""
from serve import arguments, serve

options = arguments(estimator="relaxed", batch=100)

import math

import torch
from torch.nn import Linear, ReLU, Sequential
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax, one_hot, softmax

BATCH, PIXELS, VARIABLES, CLASSES = options.batch, 784, 30, 10
CODE = VARIABLES * CLASSES

torch.set_num_threads(options.threads)
torch.manual_seed(0)

encoder = Sequential(Linear(PIXELS, 512), ReLU(), Linear(512, 256), ReLU(), Linear(256, CODE))
decoder = Sequential(Linear(CODE, 256), ReLU(), Linear(256, 512), ReLU(), Linear(512, PIXELS))
optimizer = torch.optim.RAdam([*encoder.parameters(), *decoder.parameters()], lr=5e-4)
images = torch.rand(20 * BATCH, PIXELS)


def gumbel(shape):
    return -torch.log(torch.empty(shape).exponential_().clamp_min(1e-20))


def hot(keys):
    return one_hot(keys.argmax(-1), CLASSES).to(keys.dtype)


def exactly(value, soft):
    """The value, with the gradient of what is soft."""
    return value + (soft - soft.detach())


def repeated(x, samples):
    return x.expand(samples, *x.shape)


def cost(choices, x):
    """-log p(x | z), [samples, batch]."""
    pixels = decoder(choices.reshape(*choices.shape[:-2], CODE))
    return binary_cross_entropy_with_logits(pixels, x.expand_as(pixels), reduction="none").sum(-1)


def log_prob(choices, logits):
    return (choices * log_softmax(logits, -1)).sum((-1, -2))


def given(draw, logits):
    """Gumbels whose argmax is the draw (Maddison et al. 2014)."""
    rest = gumbel(logits.shape)
    own = gumbel(logits.shape[:-1] + (1,)) + torch.logsumexp(logits, -1, keepdim=True)
    return torch.where(draw > 0.5, own, -torch.log(torch.exp(-own) + torch.exp(-(logits + rest))))


def relaxed(x, logits):
    return cost(softmax(logits + gumbel(logits.shape), -1), x)


def straight_through(x, logits):
    keys = logits + gumbel(logits.shape)
    return cost(exactly(hot(keys), softmax(keys, -1)), x)


def simple(x, logits):
    draw = hot(logits.detach() + gumbel(logits.shape))
    return cost(exactly(draw, softmax(logits, -1)), x)


def gumbel_rao(x, logits, temperature=0.7, conditional=10):
    draw = hot(logits.detach() + gumbel(logits.shape))
    noise = given(repeated(draw, conditional), repeated(logits.detach(), conditional)) - logits.detach()
    return cost(exactly(draw, softmax((logits + noise) / temperature, -1).mean(0)), x)


def gapped(x, logits, temperature=0.7, gap=1.0):
    fixed = logits.detach()
    draw = hot(fixed + gumbel(fixed.shape))
    largest = fixed.max(-1, keepdim=True).values
    up = (largest - (fixed * draw).sum(-1, keepdim=True)) * draw
    down = (fixed + gap - largest).clamp_min(0) * (1 - draw)
    return cost(exactly(draw, softmax((logits + up - down) / temperature, -1)), x)


def reinmax(x, logits, temperature=1.3):
    draw = hot(logits.detach() + gumbel(logits.shape))
    p = softmax(logits, -1)
    between = (draw + softmax(logits / temperature, -1)) / 2
    shifted = softmax((torch.log(between + 1e-20) - logits).detach() + logits, -1)
    return cost(exactly(draw, 2 * shifted - 0.5 * p), x)


def score_function(x, logits, samples=4):
    many = repeated(logits, samples)
    draws = hot(many.detach() + gumbel(many.shape))
    costs = cost(draws, x)
    others = (costs.sum(0) - costs) / (samples - 1)
    log_p = log_prob(draws, many)
    return (costs + (costs - others).detach() * (log_p - log_p.detach())).mean(0)


def rebar(x, logits, temperature=0.5):
    keys = logits + gumbel(logits.shape)
    draw = hot(keys.detach())
    soft = softmax(keys / temperature, -1)
    again = softmax(given(draw, logits) / temperature, -1)
    values = torch.stack([draw, soft.detach(), again.detach()]).requires_grad_()
    costs = cost(values, x)
    slopes = torch.autograd.grad(costs, values, torch.tensor([0.0, 1.0, -1.0])[:, None].expand_as(costs), retain_graph=True)[0]
    put_back = ((soft - soft.detach()) * slopes[1] + (again - again.detach()) * slopes[2]).sum((-1, -2))
    log_p = log_prob(draw, logits)
    return costs[0] + (costs[0] - costs[2]).detach() * (log_p - log_p.detach()) + put_back


def imle(x, logits, step=1.0):
    keys = logits.detach() + gumbel(logits.shape)
    draw = hot(keys).requires_grad_()
    costs = cost(draw, x)
    slope = torch.autograd.grad(costs.sum(), draw, retain_graph=True)[0]
    change = (draw - hot(keys - step * slope)).detach() / step
    return costs + ((logits - logits.detach()) * change).sum((-1, -2))


def perturbed(x, logits, samples=4):
    many = repeated(logits, samples)
    noise = gumbel(many.shape)
    costs = cost(hot(many.detach() + noise), x)
    others = (costs.sum(0) - costs) / (samples - 1)
    score = ((many - many.detach()) * (1 - torch.exp(-noise))).sum((-1, -2))
    return (costs + (costs - others).detach() * score).mean(0)


ESTIMATORS = {
    "relaxed": relaxed,
    "straight-through": straight_through,
    "simple": simple,
    "gumbel-rao": gumbel_rao,
    "gapped-straight-through": gapped,
    "reinmax": reinmax,
    "score-function": score_function,
    "rebar": rebar,
    "imle": imle,
    "perturbed": perturbed,
}
estimate = ESTIMATORS[options.estimator]


def step():
    x = images[torch.randint(len(images), (BATCH,))]
    optimizer.zero_grad()
    logits = encoder(x).view(-1, VARIABLES, CLASSES)
    log_p = log_softmax(logits, -1)
    divergence = (log_p.exp() * (log_p + math.log(CLASSES))).sum((-1, -2))
    loss = (estimate(x, logits) + divergence).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


serve(step)
