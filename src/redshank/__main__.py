"""Where the program begins, as `redshank` and as `python -m redshank`.

The one idea: Ctrl-C is heeded from here on, also while the command line itself is still being imported.
"""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from redshank.commands import main as run  # noqa: PLC0415  Ctrl-C can come while it is imported

        run()
    except KeyboardInterrupt:
        sys.exit(130)  # `redshank.commands.INTERRUPTED`, which may not be there yet


if __name__ == "__main__":
    main()
