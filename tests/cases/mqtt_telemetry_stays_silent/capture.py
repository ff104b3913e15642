from frames import ethernet, ipv4, tcp
from redshank.lab.protocols import mqtt

START_NS = 1_700_000_100_000_000_000
BROKER = "192.168.7.2"
SENSORS = ("192.168.7.21", "192.168.7.22", "192.168.7.23")
ON_SYN = bytes.fromhex("020405b40402080a00000001000000000103030a")
TIMES = bytes.fromhex("0101080a0000000100000001")


def frames() -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    for number in range(12):
        for i, sensor in enumerate(SENSORS):
            found += session(sensor, 42_000 + number, START_NS + (30 * number + 7 * i) * 1_000_000_000)
    return sorted(found)


def session(sensor: str, port: int, begin_ns: int) -> list[tuple[int, bytes]]:
    """Open, sign in, publish two measurements that the broker confirms, sign off, close."""
    publications = [mqtt.publish(f"home/{sensor}/temperature", b"21.5", ident=ident) for ident in (1, 2)]
    told = [(True, mqtt.connect(f"sensor-{sensor}", "sensor", "a fine password", 60)), (False, b"\x20\x02\x00\x00")]
    for ident, publication in enumerate(publications, 1):
        told += [(True, publication), (False, b"\x40\x02" + ident.to_bytes(2, "big"))]
    told.append((True, b"\xe0\x00"))
    steps = [(True, "S", b""), (False, "SA", b""), (True, "A", b""), *((mine, "PA", said) for mine, said in told)]
    steps += [(True, "FA", b""), (False, "FA", b""), (True, "A", b"")]
    sent = {True: 1000, False: 5000}
    found = []
    for at, (mine, flags, payload) in enumerate(steps):
        ends = {"src_port": port, "dst_port": 1883} if mine else {"src_port": 1883, "dst_port": port}
        options = ON_SYN if "S" in flags else TIMES
        segment = tcp(payload, **ends, seq=sent[mine], ack=sent[not mine], flags=flags, options=options)
        src, dst = (sensor, BROKER) if mine else (BROKER, sensor)
        found.append((begin_ns + at * 6_000_000, ethernet(ipv4(segment, src=src, dst=dst))))
        sent[mine] += len(payload) + ("S" in flags or "F" in flags)
    return found
