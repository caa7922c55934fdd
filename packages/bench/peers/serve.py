"""A contestant's side of the measurement, as in src/contestants/serve.ts."""
import argparse
import json
import os
import sys
import time


def arguments(**defaults):
    """Options of the same names as the defaults. To be called before torch is imported, for the threads' sake."""
    parser = argparse.ArgumentParser()
    for name, value in {"threads": 1, **defaults}.items():
        parser.add_argument("--" + name, type=type(value), default=value)
    options = parser.parse_args()
    # The linear algebra library reads these once, when it is loaded.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    return options


def serve(step):
    """Calls `step` as often as each line of standard input says, and answers with the milliseconds a call."""
    for line in sys.stdin:
        amount = int(line)
        started = time.perf_counter()
        for _ in range(amount):
            loss = step()
        answer = {"ms": (time.perf_counter() - started) * 1000 / amount}
        if loss is not None:
            answer["loss"] = loss
        print(json.dumps(answer), flush=True)
