"""One HTML file with every table and plot of an evaluation. It needs no network and no other file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources
from typing import Final

import orjson
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from hospital_hub import __version__
from hospital_hub.cli.evaluation_plots import plots
from hospital_hub.cli.evaluation_sheets import sheets
from hospital_hub.cli.sheet import Sheet, number, percent
from hospital_hub.web.static import FOLDER as STATIC
from hospital_hub.web.static import vendor
from routing.evaluation.evaluation import Evaluation
from routing.evaluation.labelled import LARGE, ONLY_LARGE

FILES: Final = resources.files("hospital_hub.cli").joinpath("report")
# Their tables are narrow enough to stand beside the plot.
BESIDE: Final = frozenset({"reliability", "recall", "drift"})
LIBRARY: Final = "chart/chart.umd.min.js"


def report(found: Evaluation, *, made: datetime) -> str:
    """Raises: WrongSetup when the files for the browser are not built."""
    templates = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    shown = plots(found)
    library = STATIC / vendor(LIBRARY)
    return templates.from_string(_file("report.html")).render(
        found=found,
        made=f"{made:%Y-%m-%d %H:%M} UTC",
        version=__version__,
        tiles=_tiles(found),
        sections=_sections(sheets(found)),
        plots=shown,
        beside=BESIDE,
        data=_as_json(shown),
        style=_trusted(_file("report.css")),
        library=_trusted(library.read_text("utf-8")),
        script=_trusted(_file("report.js")),
    )


def _file(name: str) -> str:
    return FILES.joinpath(name).read_text("utf-8")


def _trusted(text: str) -> Markup:
    """Files of this package and its built assets."""
    return Markup(text)  # noqa: S704 - see above


def _as_json(value: object) -> Markup:
    """No text inside can end the element that it stands in."""
    return _trusted(orjson.dumps(value).decode().replace("<", "\\u003c"))


def _sections(made: Sequence[Sheet]) -> Mapping[str, list[Sheet]]:
    """Sheets with the same key stand together, under one plot."""
    keys = dict.fromkeys(sheet.key for sheet in made)
    return {key: [sheet for sheet in made if sheet.key == key] for key in keys}


def _tiles(found: Evaluation) -> list[tuple[str, str, str]]:
    """The first policy's figures: name, figure, what it stands beside."""
    first = found.policies[0]
    tiles = [
        (
            f"Gap recovered, {mode}",
            percent(one.gap),
            f"cost {number(one.cost)}, {LARGE} share {percent(one.share[LARGE])}",
        )
        for mode, one in first.quality.items()
    ]
    if first.tasks:
        tiles.append(("Task macro-F1", number(first.tasks.macro_f1, 3), f"{first.tasks.texts:,} texts"))
    if ONLY_LARGE in found.need:
        one = found.need[ONLY_LARGE]
        tiles.append(("Need, calibration error", number(one.error, 3), f"AUC {number(one.auc, 3)}"))
    if first.large is not None:
        tiles.append((f"{LARGE} share", percent(first.large), f"cost {number(first.cost)} a question"))
    if found.drift:
        shifted = [one.name for one in found.drift if one.mark != "steady"]
        tiles.append(("Signals that moved", str(len(shifted)), f"of {len(found.drift)}"))
    return tiles
