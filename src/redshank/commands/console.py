"""`redshank console`: the analyst's pages, and who may use them."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import AsJson, Config, Store, store_named

if TYPE_CHECKING:
    from redshank.config import Settings
    from redshank.console.people import Door
    from redshank.report.summary import Row
    from redshank.store.database import Database

console = typer.Typer(invoke_without_command=True)
users = typer.Typer(no_args_is_help=True, help="Accounts: add, list, password, role, disable, enable.")
tokens = typer.Typer(no_args_is_help=True, help="What programs show to the API: give, list, withdraw.")
console.add_typer(users, name="user")
console.add_typer(tokens, name="token")

BY = "command line"
"""Who is written down in the audit: whoever may write the store's file may do anything to it anyway."""
DAY_S = 86_400.0
PATIENCE_S = 3
"""How long a page waits for a store that another program has for itself."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]
Role = Annotated[str, typer.Option(metavar="ROLE", help="viewer, analyst or admin.")]


@console.callback()
def serve(context: typer.Context, config: Config = None, store: Store = None) -> None:
    """Serve the analyst's pages, until Ctrl-C or SIGTERM; or say who may use them (user, token).

    Without an account nobody can log in: `redshank console user add NAME --role admin` makes the first. Where pages are
    to be had, and with which certificate, stands in the table [console] of the settings; by default at
    http://127.0.0.1:8477.

    Example: redshank console -c redshank.toml
    """
    from contextlib import closing

    from redshank.config import load
    from redshank.core.errors import ConfigError
    from redshank.store.database import Database

    if (behind := context.invoked_subcommand) is not None:
        if config or store:  # it would be another store than `behind` takes
            option = "--config" if config else "--store"
            raise ConfigError(f"{option}: it stands before '{behind}'; give it at the end of the line")
        return
    from redshank.console import app  # noqa: F401  what is not installed is told before a store that is not there

    settings = load(config)
    place = store or settings.store_place
    # A console may begin before the service whose settings it has; a place that was typed in is to be there.
    with closing(Database(place, create=store is None, patience_s=PATIENCE_S)) as database:
        _serve(settings, database, config)


@console.command()
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the settings, the store and the shelf; made new.")
    ] = Path("out/console"),
) -> None:
    """Serve the pages over a day of the recording in the package, judged here, to look around and to try everything.

    Makes a folder with settings, store and shelf, and an account with a password that is told once. Alerts, evidence,
    devices and proposed actions are what a service made of the recording; the two people who decided on some of them
    do not exist. Nothing is blocked: responses are a dry run. Needs the extras `console` and `train`; no root, no data.

    Example: redshank console demo
    """
    import logging
    import secrets
    from contextlib import closing

    from redshank.config import load
    from redshank.console import app  # noqa: F401  what is not installed is told before the judging, not after it
    from redshank.core.errors import ConfigError
    from redshank.core.files import writable_folder
    from redshank.demonstration import SETTINGS, fill
    from redshank.store.database import Database

    writable_folder(out, "--out")
    if any(out.iterdir()):
        again = f", or look at it again: redshank console -c {out / SETTINGS}" if (out / SETTINGS).is_file() else ""
        raise ConfigError(f"--out: '{out}' is not empty; name another{again}")
    from redshank.active import ask  # noqa: F401  as above

    logging.getLogger("redshank.respond").setLevel(logging.WARNING)  # what a dry run would load is told at length
    typer.echo("A recording is judged; this takes some seconds.", err=True)
    fill(out)
    settings, secret = load(out / SETTINGS), secrets.token_urlsafe(12)
    with closing(Database(settings.store_place, patience_s=PATIENCE_S)) as database:
        _door(database).add("demo", "admin", secret, time.time(), BY)
        typer.echo(f"Log in as demo with the password {secret} (told once).", err=True)
        _serve(settings, database, out / SETTINGS)


@users.command()
def add(name: Name, role: Role, config: Config = None, store: Store = None) -> None:
    """Make an account; the password is asked for, or read from standard input. The store is made if absent.

    Example: redshank console user add ana --role admin -c redshank.toml
    """
    from redshank.console.people import name_problems, role_problems
    from redshank.core.errors import ConfigError

    if problems := [*name_problems(name), *role_problems(role)]:  # before a password is asked for
        raise ConfigError(problems)
    place = store_named(config, store)
    fresh = "://" not in str(place) and not Path(place).exists()
    door = _door(_database(config, store, create=True))
    if fresh:
        typer.echo(f"There was no store '{place}'; it was made, empty", err=True)
    door.add(name, role, _password(name), time.time(), BY)
    typer.echo(f"{name} may log in as {role}")


@users.command(name="list")
def list_(config: Config = None, store: Store = None, as_json: AsJson = False) -> None:
    """List the accounts by name.

    Example: redshank console user list -c redshank.toml
    """
    from redshank.report.summary import Section, show, time_text
    from redshank.store.people import People

    database = _database(config, store, only_read=True)
    rows: list[Row] = [
        {
            "name": one.name,
            "role": one.role,
            "may log in": "no" if one.disabled else "yes",
            "made": time_text(one.made_at_s),
            "last login": time_text(one.seen_at_s),
        }
        for one in People(database).all()
    ]
    show(f"Accounts in {database.name}", [Section("Accounts", rows)], as_json=as_json)


@users.command()
def password(name: Name, config: Config = None, store: Store = None) -> None:
    """Give an account another password, asked for or read from standard input; its browsers are logged out.

    Example: redshank console user password ana -c redshank.toml
    """
    door = _door(_database(config, store))
    door.require(name)
    door.set_password(name, _password(name), time.time(), BY)
    typer.echo(f"{name} has another password")


@users.command()
def role(
    name: Name,
    to: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, analyst or admin.")],
    config: Config = None,
    store: Store = None,
) -> None:
    """Let an account do more or less; its browsers are logged out.

    Example: redshank console user role ana analyst -c redshank.toml
    """
    from redshank.console.people import role_problems
    from redshank.core.errors import ConfigError
    from redshank.store.people import People

    if problems := role_problems(to):
        raise ConfigError(problems)
    People(_database(config, store)).set_role(name, to, time.time(), BY)
    typer.echo(f"{name} is {to}")


@users.command()
def disable(name: Name, config: Config = None, store: Store = None) -> None:
    """Let an account log in no more; its browsers are logged out, its tokens withdrawn.

    Example: redshank console user disable ana -c redshank.toml
    """
    from redshank.store.people import People

    People(_database(config, store)).disable(name, time.time(), BY)
    typer.echo(f"{name} may log in no more")


@users.command()
def enable(name: Name, config: Config = None, store: Store = None) -> None:
    """Let a disabled account log in again; tokens stay withdrawn.

    Example: redshank console user enable ana -c redshank.toml
    """
    from redshank.store.people import People

    People(_database(config, store)).enable(name, time.time(), BY)
    typer.echo(f"{name} may log in")


@tokens.command()
def give(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whose token it is.")],
    name: Annotated[str, typer.Option("--for", metavar="TEXT", help="What it is for.")],
    role: Role = "viewer",
    days: Annotated[float, typer.Option(min=0, metavar="DAYS", help="How long it counts; 0: until withdrawn.")] = 90.0,
    config: Config = None,
    store: Store = None,
) -> None:
    """Make a token for the API, and print it; nobody can read it again.

    Example: redshank console token give ana --for "the wall screen" --days 30 -c redshank.toml
    """
    from redshank.console.people import role_problems
    from redshank.console.sessions import Bearers
    from redshank.core.errors import ConfigError
    from redshank.store.credentials import Tokens

    if problems := role_problems(role):
        raise ConfigError(problems)
    now_s = time.time()
    bearers = Bearers(Tokens(_database(config, store)))
    _, secret = bearers.give(account, role, name, BY, now_s, now_s + days * DAY_S if days else None)
    typer.echo(secret)


@tokens.command(name="list")
def list_tokens(config: Config = None, store: Store = None, as_json: AsJson = False) -> None:
    """List the tokens: first those that were not withdrawn, the newest first.

    Example: redshank console token list -c redshank.toml
    """
    from redshank.report.summary import Section, show, time_text
    from redshank.store.credentials import Tokens

    database, now_s = _database(config, store, only_read=True), time.time()
    rows: list[Row] = [
        {
            "token": one.id,
            "account": one.account,
            "for": one.name,
            "may": one.may,
            "counts": "yes" if one.stands(now_s) else "no",
            "given": time_text(one.given_at_s),
            "until": time_text(one.expires_at_s),
            "last used": time_text(one.used_at_s),
        }
        for one in Tokens(database).all()
    ]
    show(f"Tokens in {database.name}", [Section("Tokens", rows)], as_json=as_json)


@tokens.command()
def withdraw(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="As `redshank console token list` has it.")],
    config: Config = None,
    store: Store = None,
) -> None:
    """Let nobody in any more who shows a token.

    Example: redshank console token withdraw 5e1f0a1b -c redshank.toml
    """
    from redshank.store.credentials import Tokens

    Tokens(_database(config, store)).withdraw(token, time.time(), BY)
    typer.echo(f"{token} counts no more")


def _serve(settings: "Settings", database: "Database", config: Path | None) -> None:
    from redshank.console.app import make_app
    from redshank.console.desk import Desk
    from redshank.console.serve import listening, server
    from redshank.store.people import People

    serving = server(make_app(Desk(settings, database, config)), settings.console)
    with listening(settings.console) as link:
        scheme, port = "https" if settings.console.certificate else "http", link.getsockname()[1]
        typer.echo(f"Console at {scheme}://{settings.console.listen.rpartition(':')[0]}:{port}", err=True)
        if not People(database).all():
            named = f"-c {config}" if config else f"-s {database.name}"
            typer.echo(f"Nobody can log in yet: redshank console user add NAME --role admin {named}", err=True)
        serving.run(sockets=[link])


def _database(config: Path | None, store: str | None, *, create: bool = False, only_read: bool = False) -> "Database":
    from redshank.store.database import Database

    return Database(store_named(config, store), create=create, only_read=only_read)


def _door(database: "Database") -> "Door":
    from redshank.console.people import Door
    from redshank.store.attempts import Attempts
    from redshank.store.people import People

    return Door(People(database), Attempts(database))


def _password(name: str) -> str:
    """Ask for a new password, twice at a terminal; it is never an argument, which others could see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True))
