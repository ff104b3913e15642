from collections.abc import Callable
from typing import Any

from redshank.lab.devices import thermostat
from redshank.lab.host import Intent
from redshank.lab.protocols import coap
from redshank.lab.scene import Scene, fetch

WHY = Intent("try")


def test_a_thermostat_over_coap_answers_what_it_knows(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        async def ask(code: int, path: tuple[str, ...], within_s: float = 20.0) -> coap.Message | None:
            data = coap.encode(coap.Message(coap.CON, code, 7, b"tk", path))
            address = scene.hosts["coap1"].ip
            answer = await scene.hosts["hub"].exchange(address, scene.ports["coap"], [data], WHY, timeout_s=within_s)
            return coap.decode(answer) if answer else None

        reading = await ask(coap.GET, ("reading",))
        assert reading is not None
        assert (reading.kind, reading.code, reading.ident, reading.token) == (coap.ACK, coap.CONTENT, 7, b"tk")
        assert reading.payload
        changed, absent = await ask(coap.PUT, ("set",)), await ask(coap.GET, ("other",))
        assert changed is not None
        assert absent is not None
        assert (changed.code, absent.code, absent.payload) == (coap.CHANGED, coap.NOT_FOUND, b"")
        assert await ask(0x02, ("reading",), 0.2) is None

    play(act)


def test_a_thermostat_over_http_answers_what_it_knows(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        targets = [("GET", "/reading", b""), ("POST", "/set", b"target=20"), ("GET", "/other", b"")]
        address = scene.hosts["thermo1"].ip
        statuses = await fetch(scene, scene.hosts["hub"], address, scene.ports["thermostat"], targets, WHY)
        assert statuses == [200, 200, 404]

    play(act)


def test_whoever_is_in_charge_polls_both_kinds(live: Callable[..., Any]) -> None:
    rows = live(lambda scene: thermostat.poll_all(scene, scene.hosts["hub"]), 1.0)
    assert {"thermostat over http", "thermostat over coap"} <= {row.activity for row in rows}
