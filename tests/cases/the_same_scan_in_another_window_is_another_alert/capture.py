from frames import ethernet, ipv4, tcp

START_NS = 1_700_000_100_000_000_000


def frames() -> list[tuple[int, bytes]]:
    return [
        (
            START_NS + at_s * 1_000_000_000 + i * 100_000_000,
            ethernet(ipv4(tcp(dst_port=1 + i, flags="S"), src="10.0.0.66", dst=f"10.0.1.{1 + i}")),
        )
        for at_s in (0, 20, 600)
        for i in range(12)
    ]
