"""An example of what programs send, for the OpenAPI description.

In: fields and values. Out: the configuration of a model that names them. The one idea: each body shows how it is used,
and a test tries every example.
"""

from typing import Any

from pydantic import ConfigDict


def example(**fields: Any) -> ConfigDict:  # noqa: ANN401  a model's own
    """Return the configuration of a model with an example.

    Example:
        >>> example(why="sold")["json_schema_extra"]
        {'examples': [{'why': 'sold'}]}
    """
    return ConfigDict(json_schema_extra={"examples": [fields]})
