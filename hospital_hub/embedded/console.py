"""What a person sees of the demonstration in the terminal: progress lines, then the pages and log-ins."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from hospital_hub.embedded.demo_parts import Layout
from hospital_hub.embedded.supervisor import Kind, Notice

PAGES = (("Kiosk", "/kiosk"), ("Nurse board", "/board"), ("Research", "/research"), ("Operations", "/operations"))
WORDS = {
    Kind.READY: "[green]ready[/]    {title}  [dim]{detail}[/]",
    Kind.ENDED: "[yellow]ended[/]    {title}: {detail}",
    Kind.STOPPED: "[dim]stopped  {title}[/]",
}


def show_notice(console: Console, notice: Notice) -> None:
    words = WORDS.get(notice.kind)
    if words is not None:
        console.print(words.format(title=notice.title, detail=notice.detail), highlight=False, soft_wrap=True)


def show_summary(console: Console, layout: Layout, *, logins: Sequence[tuple[str, str, str]], seconds: float) -> None:
    pages = Table.grid(padding=(0, 2))
    for title, path in PAGES:
        pages.add_row(title, layout.origin("hub") + path)
    pages.add_row("EMR", layout.emr_issuer.removesuffix("/fhir") + "/")
    console.print()
    console.print(pages, soft_wrap=True)
    if logins:
        console.print()
        console.print(_logins(logins))
    console.print(f"\nData  {layout.data}\nLogs  {layout.data / 'logs'}", highlight=False, soft_wrap=True)
    console.print(f"Check HUB_ENV_FILE={layout.settings_file} hospital-hub doctor", highlight=False, soft_wrap=True)
    console.print("Demonstration weights, not for clinical use.", style="yellow")
    console.print(f"[bold green]ready in {seconds:.1f} s[/], Ctrl-C ends all of it", highlight=False)


def _logins(logins: Sequence[tuple[str, str, str]]) -> Table:
    table = Table("Who", "Name", "Password", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for row in logins:
        table.add_row(*row)
    return table
