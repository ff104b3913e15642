from frames import ethernet, ipv4, tcp

START_NS = 1_700_000_100_000_000_000
SCANNER, TARGET = "192.168.7.40", "192.168.7.9"
MSS = b"\x02\x04\x05\xb4"


def frames() -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    for i in range(60):
        begin_ns = START_NS + i * 50_000_000
        syn = tcp(src_port=61_000 + i, dst_port=20 + i, seq=9000 + i, flags="S", options=MSS)
        refusal = tcp(src_port=20 + i, dst_port=61_000 + i, ack=9001 + i, flags="RA")
        found.append((begin_ns, ethernet(ipv4(syn, src=SCANNER, dst=TARGET))))
        found.append((begin_ns + 40_000, ethernet(ipv4(refusal, src=TARGET, dst=SCANNER))))
    return found
