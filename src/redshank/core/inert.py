"""Text that cannot steer a terminal.

In: any text: a file's name, a line from the wire. Out: the same with everything that does not print (control
characters, escape sequences, marks that turn the direction of writing, bytes that are no UTF-8) written as an escape.
"""


def inert(text: str) -> str:
    r"""Return `text` with everything that could steer a terminal written as an escape.

    Example:
        >>> inert("plain"), inert("red\x1b[31m"), inert("two\nlines")
        ('plain', 'red\\x1b[31m', 'two\\nlines')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
