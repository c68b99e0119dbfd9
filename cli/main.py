"""The `kopa` command: each subcommand is imported only when it is called."""

from typing import Any

import click

from cli.lazy import LazyGroup
from kit.errors import RestoreUnfinished

COMMANDS: dict[str, tuple[str, str]] = {
    "api": ("cli.run:api", "The HTTP API and the webhooks."),
    "apr": ("cli.apr:apr", "The APR of cash flows (us, eu, uk or in)."),
    "backup": ("cli.backup:backup", "The whole database in one sealed file."),
    "bench": ("cli.bench:bench", "Speed beside that of named peers."),
    "bot": ("cli.run:bot", "The bot by long polling."),
    "document": ("cli.document:document", "Read an identity document."),
    "face": ("cli.face:face", "Compare the faces of two pictures."),
    "gsma": ("cli.gsma:gsma", "Where mobile money announces payments to us."),
    "ledger": ("cli.ledger:ledger", "Whether the books are right."),
    "liveness": ("cli.liveness:liveness", "Is a living person in a video note?"),
    "model": ("cli.model:model", "Train, evaluate and use risk models."),
    "mpesa": ("cli.mpesa:mpesa", "Tell M-Pesa where it announces payments."),
    "person": ("cli.person:person", "Forget a person for good."),
    "policy": ("cli.policy:policy", "Check, test and try the rules of lending."),
    "quote": ("cli.quote:quote", "Schedule, totals and APR of loan terms."),
    "replay": ("cli.replay:replay", "The life of one loan from its events."),
    "report": ("cli.report:report", "The portfolio on a day: what is late, what may be lost."),
    "restore": ("cli.backup:restore", "An empty database filled from a backup."),
    "risk": ("cli.risk:risk", "How industries, regions and months fared; indices."),
    "run": ("cli.run:run", "Everything in one process; a sandbox without tokens."),
    "sandbox": ("cli.sandbox_server:sandbox", "Only the stand-ins for the outside world."),
    "screening": ("cli.screening:screening", "Sanctions and PEP lists."),
    "simulate": ("cli.simulate:simulate", "A whole lender where everything goes wrong."),
    "staff": ("cli.staff:staff", "Accounts of the staff API."),
    "weights": ("cli.weights:weights", "Weight files of the identity check."),
    "worker": ("cli.run:worker", "Runs the jobs."),
}
"""name -> (module:function, one line of help). Kept sorted."""
WITH_TELEGRAM = (
    "cli.backup", "cli.gsma", "cli.ledger", "cli.mpesa", "cli.person", "cli.replay", "cli.risk",
    "cli.run", "cli.sandbox_server", "cli.screening", "cli.simulate",
)  # fmt: skip
"""Modules of the commands that import aiogram, themselves or by what they import."""


class Kopa(LazyGroup):
    """Brings Telegram's types late to those commands that have to do with it."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if COMMANDS.get(cmd_name, ("",))[0].partition(":")[0] in WITH_TELEGRAM:
            from cli import quick_start  # the other commands do without pydantic

            quick_start.import_aiogram()
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RestoreUnfinished as why:
            raise click.ClickException(str(why)) from None
        except ValueError as error:
            from kit import config  # imported by now, if it is one of these

            if (said := config.what_is_wrong(error)) is None:
                raise
            raise click.UsageError(said) from None
        except Exception as error:
            from kit import db  # imported by now, if it is about a database

            if (answer := db.unanswered(error)) is None:
                raise
            raise click.ClickException(answer) from None


@click.group(cls=Kopa, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def kopa() -> None:
    """Kopa, a lending assistant that lives in a chat."""


def main() -> None:
    kopa(prog_name="kopa")


if __name__ == "__main__":
    main()
