"""How every command ends: a wrong set-up or a refused request is one line on stderr and exit code 2."""

from typing import Any

import typer
from typer.core import TyperGroup

from hospital_hub.errors import HubError, WrongSetup

WRONG = 2


class HubCommands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the class that Typer gives here is private
        try:
            return super().invoke(ctx)
        except WrongSetup as wrong:
            typer.echo(str(wrong), err=True)
        except HubError as refused:
            typer.echo(f"{refused.message} {refused.next_step}".strip(), err=True)
        raise typer.Exit(WRONG)
