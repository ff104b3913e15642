"""The conditions of an allowance, as programs send them."""

from pydantic import BaseModel


class Terms(BaseModel):
    """Conditions of an allowance; all that are given must hold."""

    source: str = ""
    destination: str = ""
    network: str = ""
    device: str = ""
    port: str = ""
    domain: str = ""
    family: str = ""
    rule: str = ""
