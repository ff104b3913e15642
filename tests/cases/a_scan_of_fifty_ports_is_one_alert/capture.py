from frames import ethernet, ipv4, tcp

START_NS = 1_700_000_100_000_000_000


def frames() -> list[tuple[int, bytes]]:
    syns = [ethernet(ipv4(tcp(dst_port=1 + i, flags="S"), src="10.0.0.66", dst="10.0.1.1")) for i in range(50)]
    return [(START_NS + i * 100_000_000, syn) for i, syn in enumerate(syns)]
