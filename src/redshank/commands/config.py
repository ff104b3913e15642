"""`redshank config`: an example of a settings file, the settings in force, and their schema."""

import json
from pathlib import Path
from typing import Annotated

import typer

from redshank.core.files import replacing

config = typer.Typer(no_args_is_help=True, help="Settings: an example with all of them, and those in force.")


@config.command()
def example(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it there; never over a file.")
    ] = None,
) -> None:
    """Print a redshank.toml that names every setting, its default and its meaning.

    Example: redshank config example -o redshank.toml
    """
    from redshank import site
    from redshank.core.errors import ConfigError
    from redshank.report.settings import example as written

    text = written(site.tables())
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.exists():
        raise ConfigError(f"-o: '{out}' is there already and is not replaced; name another file")
    with replacing(out) as part:
        part.write_text(text)
    typer.echo(f"{out}: name your sources and sinks in it, then `redshank check -c {out}`")


@config.command()
def show(
    settings: Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="A redshank.toml.")] = None,
) -> None:
    """Print the settings in force, from the file, the environment and the defaults; secrets are not shown.

    Example: redshank config show
    """
    from redshank import site
    from redshank.config import load
    from redshank.report.settings import in_force

    typer.echo(in_force(load(settings), site.tables()), nl=False)


@config.command()
def schema() -> None:
    """Print the JSON Schema of a settings file, for editors.

    Example: redshank config schema
    """
    from redshank import site
    from redshank.report.schema import schema as written

    typer.echo(json.dumps(written(site.tables()), indent=1))
