"""The works of src/gpu/works.ts on the graphics card: the other peers' steps, with the card as the default device."""
import json
import math
import runpy
import sys
import time
from pathlib import Path

import serve
from serve import arguments

options = arguments(works="[]")

import torch

SECONDS = 0.15
torch.set_default_device("cuda")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def peer(name, **values):
    """What a peer defines, with its step as `serve`: here nobody asks it for steps."""
    sys.argv = [name, *(f"--{key}={value}" for key, value in values.items())]
    steps = []
    serve.serve = steps.append
    defined = runpy.run_path(str(Path(__file__).with_name(name + ".py")))
    return {**defined, "step": steps[0]}


def begin(kind, sizes, variant=None):
    first = sizes[0]
    if kind == "vae":
        return peer("vae", batch=first)["step"]
    if kind in ("dknn", "jigsaw", "sequences"):
        return peer({"sequences": "l2x"}.get(kind, kind))["step"]
    if kind == "categorical":
        return peer("operators", batch=first, variables=1, classes=sizes[1])["step"]
    if kind == "subset":
        return peer("subset", batch=first, n=sizes[1], k=10)["step"] if variant == "successive" else None
    if kind == "permutation":
        return peer("sinkhorn", batch=first, n=sizes[1])["step"]
    if kind == "gumbel":
        return lambda: -torch.empty(first).exponential_().log()
    x = torch.randn(sizes)
    if kind == "sum":
        return lambda: x.sum()
    y = torch.randn(sizes)
    return lambda: x @ y


def graphed(batch):
    """The update of the VAE, always on the same images, recorded and played again."""
    vae = peer("vae", batch=batch, graph=1)
    images = vae["images"][:batch]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            vae["update"](images)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        vae["update"](images)
    return graph.replay


def in_a_row(step):
    """Milliseconds a call."""

    def seconds_of(times):
        torch.cuda.synchronize()
        started = time.perf_counter()
        for _ in range(times):
            step()
        torch.cuda.synchronize()
        return time.perf_counter() - started

    seconds_of(3)
    times = min(200, math.ceil(SECONDS / seconds_of(1)))
    return seconds_of(times) * 1000 / times


def measure(work):
    step = begin(work["kind"], work["sizes"], work.get("variant"))
    if step is None:
        return {"ms": None}
    answer = {"ms": in_a_row(step)}
    if work["kind"] == "vae":
        answer["graph"] = in_a_row(graphed(work["sizes"][0]))
    return answer


works = json.loads(options.works)
for line in sys.stdin:
    try:
        answer = measure(works[int(line)])
    except Exception as error:
        answer = {"ms": None, "failed": str(error)[:600]}
    print(json.dumps(answer), flush=True)
