"""Tables as Markdown.

In: names and cells. Out: text. A bar in a cell would end it, so it becomes a slash.
"""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table.

    Example:
        >>> print(table(["model", "F1"], [["a|b", "0.5"]]), end="")
        | model | F1 |
        | --- | --- |
        | a/b | 0.5 |
    """
    return "".join(_line(cells) for cells in (head, ["---"] * len(head), *rows))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"
