"""The figures of an evaluation as tables for the terminal; the report shows the same rows."""

from textwrap import fill

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.evaluation_sheets import sheets
from hospital_hub.cli.sheet import Sheet
from routing.evaluation.evaluation import Evaluation

# A narrower terminal breaks the lines of the widest tables: better than a figure that is cut off.
LEAST_WIDTH = 120
LEAST_COLUMN = 9


def show(found: Evaluation) -> None:
    """One table a sheet, then the notes."""
    console = Console(width=max(Console().width, LEAST_WIDTH))
    for sheet in sheets(found):
        console.print(_table(sheet))
        console.print()
    for note in found.notes:
        console.print(f"[yellow]Note:[/] {note}")


def _table(sheet: Sheet) -> Table:
    """Heads break between words, figures never."""
    table = Table(title=sheet.title, caption=sheet.note or None, box=SIMPLE_HEAD, title_style="bold")
    table.title_justify = table.caption_justify = "left"
    table.pad_edge, table.collapse_padding = False, True
    for number, head in enumerate(sheet.heads):
        width = max(LEAST_COLUMN, *(len(row.cells[number]) for row in sheet.rows))
        broken = fill(head, width, break_long_words=False, break_on_hyphens=False)
        table.add_column(broken, justify="right" if number else "left", overflow="fold", no_wrap=number > 0)
    for row in sheet.rows:
        table.add_row(*row.cells, style="bold" if row.own else None)
    return table
