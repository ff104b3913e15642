from frames import ethernet, ipv4, tcp

START_NS = 1_700_000_100_000_000_000
CLIENT, BROKER = "10.0.0.5", "10.0.1.1"


def frames() -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    for flow in range(30):
        for i, (mine, flags, size) in enumerate(talk()):
            src, dst = (CLIENT, BROKER) if mine else (BROKER, CLIENT)
            ports = (40_000 + flow, 1883) if mine else (1883, 40_000 + flow)
            segment = tcp(bytes(size), src_port=ports[0], dst_port=ports[1], flags=flags, seq=1000 + 50 * i, ack=1)
            found.append((START_NS + flow * 1_000_000_000 + i * 1_000_000, ethernet(ipv4(segment, src=src, dst=dst))))
    return found


def talk() -> list[tuple[bool, str, int]]:
    """Open, six messages with an answer each, close: who sends, flags, payload bytes."""
    opened = [(True, "S", 0), (False, "SA", 0), (True, "A", 0)]
    messages = [(mine, "PA", 40) for _ in range(6) for mine in (True, False)]
    return [*opened, *messages, (True, "FA", 0), (False, "FA", 0), (True, "A", 0)]
