"""The synthetic patients of the demonstration hospital: about 20, the same bytes for the same anchor date."""

from datetime import date

from hospital_hub.embedded.population import shared, simulated, written
from hospital_hub.embedded.population.shared import Resource

DEFAULT_ANCHOR = date(2026, 11, 2)


def population(anchor: date = DEFAULT_ANCHOR) -> list[Resource]:
    """All resources, patients as they are on the morning of `anchor`; the last one marks the set as complete."""
    return [*shared.practitioners(), *written.patients(anchor), *simulated.patients(anchor), shared.hospital()]
