from collections.abc import Callable
from typing import Any

from redshank.lab.host import Intent
from redshank.lab.protocols import dns, sntp
from redshank.lab.scene import Scene

WHY = Intent("try")


def test_names_of_the_lab_exist_and_others_do_not(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        async def ask(name: str, kind: int) -> dns.Message | None:
            question = dns.encode(dns.Message(9, name, kind))
            gateway = scene.hosts["gateway"].ip
            data = await scene.hosts["sensor1"].exchange(gateway, scene.ports["dns"], [question], WHY)
            return dns.decode(data or b"")

        hub = scene.domain("hub")
        assert await ask(hub, dns.A) == dns.Message(9, hub, dns.A, True, 0, (scene.hosts["hub"].ip,))
        assert await ask(hub, dns.AAAA) == dns.Message(9, hub, dns.AAAA, True, 0, ())
        assert await ask("example.org", dns.A) == dns.Message(9, "example.org", dns.A, True, dns.NAME_ERROR)

    assert len(play(act)) == 3


def test_the_gateway_tells_the_time_and_ignores_nonsense(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        sensor, gateway = scene.hosts["sensor1"], scene.hosts["gateway"].ip
        data = await sensor.exchange(gateway, scene.ports["ntp"], [sntp.request(1.0)], WHY)
        time_s = sntp.time_of(data or b"")
        assert time_s is not None
        assert time_s > 1_700_000_000
        for port in (scene.ports["ntp"], scene.ports["dns"]):
            assert await sensor.exchange(gateway, port, [b"nonsense"], WHY, timeout_s=0.1) is None

    play(act)
