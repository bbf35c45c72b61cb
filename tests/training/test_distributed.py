"""Processes that train together: what they say when one of them is gone."""

from __future__ import annotations

import os
import subprocess
import sys

LEFT_ALONE = """
import os, sys
import torch
from limner.errors import LimnerError
from limner.training.distributed import process_group

with process_group("cpu") as group:
    assert group.any(group.rank == 1) == (True,)
    if group.rank == 1:
        os._exit(0)
    try:
        while True:
            group.any(False)
    except LimnerError as error:
        print(error, flush=True)
        os._exit(0)
"""


def test_one_that_is_left_alone_says_so() -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, "--no-python", sys.executable, "-c", LEFT_ALONE],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("One of the processes that train together has ended, or has not answered")
