"""What a program pays for `import routing`: time and memory of a fresh interpreter, numpy's share included."""

import json
import subprocess
import sys

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

MILLISECONDS, MEGABYTES = 150.0, 60.0
RUNS = 15
PROBE = """
import json, pathlib, resource, sys, time
def megabytes():
    # The peak that getrusage tells on Linux is the parent's where that was larger.
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.open() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
bare = megabytes()
started = time.perf_counter()
import numpy
numpy_ms = (time.perf_counter() - started) * 1000
import routing
import_ms = (time.perf_counter() - started) * 1000
imported = megabytes()
from routing.models import packaged
started = time.perf_counter()
packaged()
print(json.dumps({
    "import_ms": import_ms, "numpy_ms": numpy_ms, "weights_ms": (time.perf_counter() - started) * 1000,
    "bare_mb": bare, "imported_mb": imported, "added_mb": imported - bare, "with_weights_mb": megabytes(),
}))
"""


def probe() -> dict[str, float]:
    """Peak resident memory in MB, times in ms; the last lines read the weights, as the first decision does."""
    found = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(found.stdout)
    return figures


def test_import(benchmark: BenchmarkFixture) -> None:
    runs: list[dict[str, float]] = []
    benchmark.pedantic(lambda: runs.append(probe()), rounds=RUNS, warmup_rounds=1)
    medians = {name: round(float(np.median([run[name] for run in runs])), 1) for name in runs[0]}
    benchmark.extra_info.update(medians, least_import_ms=round(min(run["import_ms"] for run in runs), 1))
    assert medians["import_ms"] <= MILLISECONDS
    assert medians["imported_mb"] <= MEGABYTES
