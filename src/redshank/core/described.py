"""What the docstring of a class says of its arguments.

In: a class with a docstring in Google's form. Out: the words for each argument. The one idea: what a setting means is
written once, where the code is; help texts, reference pages and the example of a settings file read it there.
"""

import inspect
import re

_ARGUMENT = re.compile(r"    (\w+(?:, \w+)*): (.+)")


def described(found: type) -> dict[str, str]:
    """Return the meaning of each argument, in the order in which they stand.

    Args:
        found: A class; what its docstring does not say is left out.

    Example:
        >>> from redshank.core.records import Alert
        >>> described(Alert)["device"]
        'Address of the device that acted.'
    """
    text = inspect.getdoc(found) or ""
    begin = re.search(r"^Args:\n", text, re.MULTILINE)
    told: dict[str, str] = {}
    names: list[str] = []
    for line in text[begin.end() :].splitlines() if begin else []:
        if line and not line.startswith(" "):
            break
        argument = _ARGUMENT.fullmatch(line)
        if argument and not line.startswith("     "):
            names = argument[1].split(", ")
            told |= dict.fromkeys(names, argument[2])
        elif line.strip():
            told |= {name: f"{told[name]} {line.strip()}" for name in names}
    return told
