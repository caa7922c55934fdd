"""Linear chains: log-partition with its gradient, place by place or as a tree of products, and exact draws."""
from serve import arguments, serve

options = arguments(task="gradient", form="places", batch=100, length=128, labels=16)

import torch

torch.set_num_threads(options.threads)
torch.manual_seed(0)

batch, length, labels = options.batch, options.length, options.labels
logits = torch.randn(batch, length, labels, requires_grad=True)
transitions = torch.randn(labels, labels, requires_grad=True)


def messages():
    """From the end to the beginning: of each label the log of the sum over all that follows, itself included."""
    message = logits[:, -1]
    all_messages = [message]
    for t in range(length - 2, -1, -1):
        message = torch.logsumexp(transitions + message[:, None], 2) + logits[:, t]
        all_messages.append(message)
    return all_messages[::-1]


def by_places():
    return torch.logsumexp(messages()[0], 1)


def by_tree():
    """Products of neighbouring matrices, where a sum is the log of a sum of exponentials, as torch-struct has them."""
    steps = transitions + logits[:, 1:, None]
    nothing = torch.full((labels, labels), -1e9).fill_diagonal_(0)
    missing = 2 ** (length - 2).bit_length() - (length - 1)
    steps = torch.cat([steps, nothing.expand(batch, missing, labels, labels)], 1)
    while steps.shape[1] > 1:
        steps = torch.logsumexp(steps[:, 0::2, :, :, None] + steps[:, 1::2, None], -2)
    return torch.logsumexp(logits[:, 0, :, None] + steps[:, 0], (1, 2))


def gradient():
    logits.grad = transitions.grad = None
    {"places": by_places, "tree": by_tree}[options.form]().sum().backward()


def sample():
    with torch.no_grad():
        ahead = messages()
        draw = torch.zeros(batch, length, labels)
        score = ahead[0]
        for t in range(length):
            taken = torch.multinomial(torch.softmax(score, 1), 1)
            draw[:, t].scatter_(1, taken, 1)
            if t + 1 < length:
                score = transitions[taken[:, 0]] + ahead[t + 1]
        return draw


def mode():
    with torch.no_grad():
        message = logits[:, -1]
        following = []
        for t in range(length - 2, -1, -1):
            best, place = (transitions + message[:, None]).max(2)
            message = best + logits[:, t]
            following.append(place)
        taken = message.max(1, keepdim=True)[1]
        places = [taken]
        for place in following[::-1]:
            taken = place.gather(1, taken)
            places.append(taken)
        return torch.zeros(batch, length, labels).scatter_(2, torch.stack(places, 1), 1)


tasks = {"gradient": gradient, "sample": sample, "mode": mode}


def step():
    tasks[options.task]()


serve(step)
