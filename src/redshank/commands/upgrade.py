"""`redshank upgrade`: a store of an older version becomes one of this version."""

from contextlib import closing

from redshank.inputs import Config, Store, store_named


def upgrade(config: Config = None, store: Store = None) -> None:
    """Bring a store of an older version up to date; one that is up to date stays as it is.

    A service does so by itself when it starts, so this is for a store that no service works on: labels, a copy, a
    console alone. Nothing else does, because a program of the older version that is at work on the store would have to
    end. It refuses while a service works on the store. There is no way back but a copy.

    Example: redshank upgrade --store labels.db
    """
    import typer

    from redshank.store.database import Database
    from redshank.store.tables import VERSION

    place = store_named(config, store)
    with closing(Database(place, alone=True)) as database:
        found = database.found
    if found == VERSION:
        typer.echo(f"{place}: version {VERSION}, as this program has it")
    else:
        typer.echo(f"{place}: version {found} became {VERSION}")
