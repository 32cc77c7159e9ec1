"""The shared sample of synthetic R4 resources, where this checkout stands beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "fhir_sample"
needs_sample = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/fhir_sample is not here")


def documents() -> Iterator[bytes]:
    """Bundles and single resources, as their files have them."""
    for file in sorted(FOLDER.glob("synthea_r4/*.json")):
        yield file.read_bytes()
    for file in sorted(FOLDER.glob("clinosim_ndjson/*.ndjson")):
        yield from file.read_bytes().splitlines()
