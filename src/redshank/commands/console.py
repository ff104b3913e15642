"""`redshank console`: the analyst's pages, and who may use them."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import Config, Store, store_named

if TYPE_CHECKING:
    from redshank.console.people import Door

console = typer.Typer(
    invoke_without_command=True,
    help="The analyst's pages: serve them, and say who may use them (user, token).",
)
user = typer.Typer(no_args_is_help=True, help="Accounts: add, list, password, role, disable, enable.")
token = typer.Typer(no_args_is_help=True, help="What programs show to the API: give, list, withdraw.")
console.add_typer(user, name="user")
console.add_typer(token, name="token")

BY = "command line"
"""Who is written down in the audit: whoever may read the store's file here may do anything to it."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]
Role = Annotated[str, typer.Option(metavar="ROLE", help="viewer, analyst or admin.")]


@console.callback()
def serve(context: typer.Context, config: Config = None, store: Store = None) -> None:
    """Serve the pages, until Ctrl-C or SIGTERM.

    Without an account nobody can log in: `redshank console user add NAME --role admin` makes the first.

    Example: redshank console -c redshank.toml
    """
    if context.invoked_subcommand is not None:
        return
    from contextlib import closing

    from redshank.config import load
    from redshank.console.app import make_app
    from redshank.console.desk import Desk
    from redshank.console.serve import listen, server
    from redshank.store.database import Database
    from redshank.store.people import People

    settings = load(config)
    with closing(Database(store or settings.store_place, create=True)) as database:
        serving = server(make_app(Desk(settings, database, config)), settings.console)
        scheme = "https" if settings.console.certificate else "http"
        typer.echo(f"Console at {scheme}://{settings.console.listen}; end with Ctrl-C", err=True)
        if not People(database).all():
            named = f" -c {config}" if config else ""
            typer.echo(f"Nobody has an account yet: redshank console user add NAME --role admin{named}", err=True)
        listen(settings.console, serving.run)


@user.command()
def add(name: Name, role: Role, config: Config = None, store: Store = None) -> None:
    """Make an account; the password is asked for, or read from standard input.

    Example: redshank console user add ana --role admin -c redshank.toml
    """
    from redshank.console.people import name_problems, role_problems
    from redshank.core.errors import ConfigError

    if problems := [*name_problems(name), *role_problems(role)]:
        raise ConfigError(problems)
    door = _door(config, store)
    door.add(name, role, _password(name), time.time(), BY)
    typer.echo(f"{name} may log in as {role}")


def _door(config: Path | None, store: str | None) -> "Door":
    from redshank.console.people import Door
    from redshank.store.attempts import Attempts
    from redshank.store.database import Database
    from redshank.store.people import People

    database = Database(store_named(config, store), create=True)
    return Door(People(database), Attempts(database))


def _password(name: str) -> str:
    """Ask for a new password, twice at a terminal; it is never an argument, which others could see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True))
