"""Where fuzzing starts: frames, files and first bytes of our own, one of everything that we read.

In: the builders of frames.py. Out: seeds as lines of JSON; tests/fuzz/corpus holds what `write` makes of them, and
beside it the inputs that once failed (found-*.jsonl, written by tools/fuzz.py).
"""

import gzip
import json
import struct
from pathlib import Path

import frames as f

CORPUS = Path(__file__).parent / "fuzz" / "corpus"

IEEE_802_15_4, HDLC, RAW_IPV4, RAW_IPV6 = 195, 104, 228, 229
_LLC = b"\xaa\xaa\x03\x00\x00\x00"


def _ip(payload: bytes, proto: int = f.UDP, src: str = "10.0.0.1", dst: str = "10.0.0.2") -> bytes:
    return f.ipv4(payload, proto, src=src, dst=dst)


def inner() -> bytes:
    """Return the packet that tunnels carry."""
    return f.ipv4(f.tcp(b"GET / HTTP/1.1\r\n\r\n", dst_port=80, flags="PA"), src="192.168.7.1", dst="192.168.7.2")


def tunnels() -> dict[str, bytes]:
    """Return IP packets that carry others."""
    packet, frame = inner(), f.ethernet(inner())
    six = f.ipv6(f.udp(b"\0" * 8, dst_port=123), f.UDP, src="2001:0:4137:9e50:8000:f12a:b9c8:2815", dst="2001:db8::1")
    sequence = struct.pack(">HH", 0x1000, 0x88BE) + b"\0\0\0\1"
    return {
        "ipip": _ip(packet, 4),
        "6in4": _ip(six, 41),
        "4in6": f.ipv6(packet, 4),
        "gre": _ip(struct.pack(">HH", 0, 0x0800) + packet, 47),
        "gre with key": _ip(struct.pack(">HHII", 0xB000, 0x0800, 0, 7) + b"\0\0\0\1" + packet, 47),
        "gre in gre": _ip(struct.pack(">HH", 0, 0x0800) + _ip(struct.pack(">HH", 0, 0x0800) + packet, 47), 47),
        "gre with ethernet": _ip(struct.pack(">HH", 0, 0x6558) + frame, 47),
        "pptp": _ip(struct.pack(">HHHHI", 0x3081, 0x880B, len(packet) + 4, 1, 1) + b"\xff\x03\x00\x21" + packet, 47),
        "erspan 1": _ip(struct.pack(">HH", 0, 0x88BE) + frame, 47),
        "erspan 2": _ip(sequence + b"\x10\x01\0\1\0\0\0\0" + frame, 47),
        "erspan 3": _ip(struct.pack(">HH", 0x1000, 0x22EB) + b"\0\0\0\1" + b"\x20\x01" + b"\0" * 10 + frame, 47),
        "vxlan": _ip(f.udp(b"\x08\0\0\0\0\0\x07\0" + frame, dst_port=4789)),
        "geneve": _ip(f.udp(b"\x02\0\x65\x58\0\0\x07\0" + b"\1\1\1\1\0\0\0\1" + frame, dst_port=6081)),
        "gtp": _ip(f.udp(struct.pack(">BBHI", 0x30, 255, len(packet), 9) + packet, src_port=2152, dst_port=2152)),
        "gtp with extension": _ip(
            f.udp(struct.pack(">BBHI", 0x36, 255, len(packet) + 8, 9) + b"\0\1\0\x85\1\0\0\0" + packet, dst_port=2152)
        ),
        "teredo": _ip(f.udp(six, src_port=50000, dst_port=3544)),
        "teredo with origin": _ip(f.udp(b"\0\0\x11\x11\x22\x22\x33\x33" + six, src_port=3544, dst_port=50000)),
        "teredo with authentication": _ip(f.udp(b"\0\1\0\0" + b"\7" * 8 + b"\0" + six, dst_port=3544)),
        "gre in udp": _ip(f.udp(struct.pack(">HH", 0, 0x0800) + packet, dst_port=4754)),
        "ayiya": _ip(f.udp(b"\x42\x21\x01\x29\0\0\0\0" + b"\1" * 36 + six, dst_port=5072)),
        "deep": _ip(_ip(_ip(_ip(_ip(_ip(packet, 4), 4), 4), 4), 4), 4),
    }


def packets() -> dict[str, bytes]:
    """Return IP packets of all kinds."""
    hop_by_hop = struct.pack(">BB", f.UDP, 0) + b"\1\4\0\0\0\0"
    route = struct.pack(">BBBB", f.UDP, 2, 0, 1) + b"\0" * 20
    part = struct.pack(">BBHI", f.UDP, 0, 1, 77)
    big = f.udp(b"x" * 64, dst_port=5000)
    return {
        "tcp": inner(),
        "syn": _ip(f.tcp(flags="S", seq=5, options=b"\2\4\5\xb4\1\3\3\7\4\2\1\1"), f.TCP),
        "syn-ack": _ip(f.tcp(flags="SA", seq=9, ack=6, src_port=80, dst_port=40000), f.TCP, "10.0.0.2", "10.0.0.1"),
        "fin": _ip(f.tcp(flags="FA", seq=6, ack=10), f.TCP),
        "rst": _ip(f.tcp(flags="R", seq=6), f.TCP),
        "dns": _ip(f.udp(b"\0\1\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1")),
        "ping": _ip(f.icmp(8, 0, b"abcdefgh"), f.ICMP),
        "pong": _ip(f.icmp(0, 0, b"abcdefgh"), f.ICMP, "10.0.0.2", "10.0.0.1"),
        "unreachable": _ip(f.icmp(3, 3, _ip(f.udp(b"abcd"))), f.ICMP),
        "icmpv6": f.ipv6(f.icmp(135, 0, b"\xfd" + b"\0" * 15), f.ICMPV6),
        "sctp": _ip(struct.pack(">HHII", 5000, 80, 1, 0) + b"\1\0\0\x14" + b"\0" * 16, 132),
        "options": f.ipv4(f.udp(b"x"), f.UDP, options=b"\x44\x04\x05\x00"),
        "hop-by-hop": f.ipv6(hop_by_hop + f.udp(b"x"), 0),
        "routing": f.ipv6(route + f.udp(b"x"), 43),
        "no next header": f.ipv6(b"", 59),
        "fragment 4 first": f.ipv4(big[:24], f.UDP, ident=9, more_fragments=True),
        "fragment 4 middle": f.ipv4(big[24:48], f.UDP, ident=9, offset=24, more_fragments=True),
        "fragment 4 last": f.ipv4(big[48:], f.UDP, ident=9, offset=48),
        "fragment 6 first": f.ipv6(part + big[:24], 44),
        "fragment 6 last": f.ipv6(struct.pack(">BBHI", f.UDP, 0, 24, 77) + big[24:], 44),
        "atomic fragment": f.ipv6(struct.pack(">BBHI", f.UDP, 0, 0, 78) + f.udp(b"x"), 44),
    }


def links() -> list[tuple[int, bytes]]:
    """Return frames of every link layer: (LINKTYPE, frame)."""
    packet = inner()
    wifi = b"\x08\x01\0\0" + b"\2" * 18 + b"\0\0" + _LLC + b"\x08\0" + packet
    aggregate = b"\x88\x01\0\0" + b"\2" * 18 + b"\0\0" + b"\x80\0" + b"\2" * 12
    aggregate += struct.pack(">H", len(packet) + 8) + _LLC + b"\x08\0" + packet
    radiotap = b"\0\0\x09\0\2\0\0\0\0"
    pppoe = struct.pack(">BBHHH", 0x11, 0, 1, len(packet) + 2, 0x0021) + packet
    label = struct.pack(">I", 16 << 12 | 1 << 8 | 64)
    return [
        (f.ETHERNET, f.ethernet(f.arp(), 0x0806)),
        (f.ETHERNET, f.ethernet(f.vlan(packet, 7), 0x8100)),
        (f.ETHERNET, f.ethernet(f.vlan(f.vlan(packet, 7), 8, 0x8100), 0x88A8)),
        (f.ETHERNET, f.ethernet(pppoe, 0x8864)),
        (f.ETHERNET, f.ethernet(struct.pack(">I", 17 << 12 | 64) + label + packet, 0x8847)),
        (f.ETHERNET, f.ethernet(_LLC + b"\x08\0" + packet, len(packet) + 8)),
        (f.ETHERNET, f.ethernet(b"\x42\x42\x03" + b"\0" * 40, 43)),
        (f.RAW, packet),
        (RAW_IPV4, packet),
        (RAW_IPV6, f.ipv6(f.udp(b"x"), f.UDP)),
        (f.NULL, struct.pack("<I", 2) + packet),
        (f.LOOP, struct.pack(">I", 2) + packet),
        (f.LINUX_SLL, struct.pack(">HHH8sH", 0, 1, 6, b"\2" * 8, 0x0800) + packet),
        (f.LINUX_SLL2, struct.pack(">HHIHBB8s", 0x0800, 0, 1, 1, 0, 6, b"\2" * 8) + packet),
        (f.PPP, b"\xff\x03\x00\x21" + packet),
        (HDLC, b"\x0f\0\x08\0" + packet),
        (f.WIFI, wifi),
        (f.WIFI, aggregate),
        (f.RADIOTAP, radiotap + wifi),
        (IEEE_802_15_4, b"\x41\x88\1\2\3\4\5\6\7" + b"x" * 20),
    ]


def frames() -> list[dict[str, object]]:
    """Return all frames as lines of the corpus."""
    found = [(f.ETHERNET, f.ethernet(packet)) for packet in [*packets().values(), *tunnels().values()]] + links()
    return [{"link": link, "hex": frame.hex()} for link, frame in found]


def files() -> list[dict[str, object]]:
    """Return capture files as lines of the corpus."""
    some = [(10**18 + number * 10**6, f.ethernet(packet)) for number, packet in enumerate(packets().values())][:6]
    texts = f.option(4, b"eth0") + f.option(9, b"\x06") + f.option(14, b"\0" * 8) + f.option(0, b"")
    mixed = f.section() + f.interface(options=texts) + f.interface(link_type=f.RAW, snap_length=64)
    mixed += f.enhanced(some[0][1], 5) + f.pcapng_block(3, struct.pack("<I", 60) + some[1][1])
    mixed += f.enhanced(inner(), 7, number=1) + f.pcapng_block(5, struct.pack("<III", 0, 0, 9))
    mixed += f.section(big_endian=True) + f.interface(big_endian=True) + f.enhanced(some[2][1], 9, big_endian=True)
    found = [
        f.pcap(some),
        f.pcap(some, nanoseconds=True),
        f.pcap(some, big_endian=True),
        f.pcap(some, snap_length=40),
        f.pcapng(some),
        f.pcapng(some, big_endian=True),
        mixed,
        gzip.compress(f.pcap(some), mtime=0),
        gzip.compress(f.pcapng(some)[:200], mtime=0) + gzip.compress(f.pcapng(some)[200:], mtime=0),
    ]
    return [{"hex": content.hex()} for content in found]


def flows() -> list[dict[str, object]]:
    """Return first bytes of flows as lines of the corpus: what each side says."""
    hello = bytes.fromhex("16030100530100004f0303") + b"\7" * 32 + b"\0\0\4\x13\1\0\x2f\1\0\0\x22"
    hello += b"\0\0\0\x0e\0\x0c\0\0\x09localhost" + b"\0\x10\0\5\0\3\2h2" + b"\0\x0a\0\4\0\2\0\x1d"
    server = bytes.fromhex("160303002c020000280303") + b"\x09" * 32 + b"\0\x13\1\0\0\0"
    question = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"
    answer = b"\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3www\7example\3com\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1"
    connect = b"\x10\x14\0\4MQTT\4\2\0\x3c\0\x08sensor-1" + b"\x30\x0c\0\5t/o/p21.5 C"
    cookie = b"\x63\x82\x53\x63"
    found = [
        (6, 80, b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", b"HTTP/1.1 200 OK\r\n\r\n"),
        (6, 443, hello, server),
        (17, 53, question, answer),
        (6, 53, struct.pack(">H", len(question)) + question, struct.pack(">H", len(answer)) + answer),
        (6, 1883, connect, b"\x20\2\0\0\x90\3\0\1\0"),
        (6, 22, b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-dropbear\r\n"),
        (6, 21, b"USER a\r\nPASS b\r\n", b"220 ready\r\n331 go on\r\n"),
        (6, 25, b"EHLO a\r\nMAIL FROM:<a@b>\r\n", b"220 mail ESMTP\r\n250 ok\r\n"),
        (6, 110, b"USER a\r\n", b"+OK pop\r\n+OK\r\n"),
        (6, 6667, b"NICK a\r\nUSER a 0 * :b\r\n", b":s 001 a :hi\r\n"),
        (6, 23, b"\xff\xfb\x1f\xff\xfd\3", b"\xff\xfd\x18\xff\xfb\1login: "),
        (6, 554, b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
        (6, 502, b"\0\1\0\0\0\6\1\3\0\0\0\2", b"\0\1\0\0\0\7\1\3\4\0\1\0\2"),
        (6, 20000, b"\x05\x64\5\xc0\1\0\0\4\xe9\x21", b"\x05\x64\5\x00\0\4\1\0\xd0\x17"),
        (6, 445, b"\0\0\0\x44\xfeSMB" + b"\x40\0" + b"\0" * 58, b"\0\0\0\x44\xfeSMB" + b"\x40\0" + b"\0" * 58),
        (6, 6379, b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (6, 389, b"\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0", b"\x30\x0c\2\1\1\x61\7\x0a\1\0\4\0\4\0"),
        (6, 5222, b"<stream:stream to='x' xmlns='jabber:client'>", b"<stream:stream id='1'><starttls/>"),
        (6, 3389, b"\3\0\0\x13\x0e\xe0" + bytes(5) + b"\1\0\x08\0\3\0\0\0", b"\3\0\0\x0b\6\xd0" + bytes(5)),
        (17, 123, b"\x23" + b"\0" * 47, b"\x24\1" + b"\0" * 46),
        (17, 67, b"\1\1\6" + bytes(233) + cookie + b"\x35\1\1\xff", b"\2\1\6" + bytes(233) + cookie + b"5\1\2\xff"),
        (17, 5683, b"\x40\1\x12\x34\xb4test", b"\x60\x45\x12\x34\xff21.5"),
        (17, 161, b"\x30\x26\2\1\1\4\6public\xa0\x19\2\1\1\2\1\0\2\1\0\x30\x0e\x30\x0c\6\x08+\6\1\2\1\1\1\0\5\0", b""),
        (17, 1900, b'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\n\r\n', b"HTTP/1.1 200 OK\r\nST: a\r\n\r\n"),
        (17, 5060, b"REGISTER sip:x SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"),
        (17, 514, b"<34>Oct 11 22:14:15 host su: x", b""),
        (17, 443, b"\xc3\0\0\0\1\x08" + b"\1" * 8 + b"\0\0\x44\x96" + b"\7" * 1174, b"\xcb\0\0\0\1\0\x08" + b"\2" * 60),
        (17, 88, b"\x6a\x81\x10\x30\x81\x0d\xa1\3\2\1\5", b"\x6b\x81\x10"),
    ]  # fmt: skip
    return [{"proto": proto, "port": port, "client": a.hex(), "server": b.hex()} for proto, port, a, b in found]


def logs() -> list[dict[str, object]]:
    """Return records of other tools as lines of the corpus."""
    names = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state"
    names += " missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
    values = "1700000000.000001 C1 10.0.0.1 40000 10.0.0.2 80 tcp http 0.5 100 200 SF 0 ShADadFf 5 320 4 380 (empty)"
    none = "1700000001.5 C2 fd00::1 5353 ff02::fb 5353 udp - - - - S0 0 D 1 80 0 0 -"
    zeek = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    zeek += "#fields\t" + "\t".join(names.split()) + "\n"
    zeek += "".join("\t".join(row.split()) + "\n" for row in (values, none)) + "#close\t2023\n"
    records = [dict(zip(names.split(), row.split(), strict=True)) for row in (values, none)]
    flow = {
        "timestamp": "2023-11-14T22:13:20.000001+0000",
        "event_type": "flow",
        "flow_id": 7,
        "src_ip": "10.0.0.1",
        "src_port": 40000,
        "dest_ip": "10.0.0.2",
        "dest_port": 80,
        "proto": "TCP",
        "app_proto": "http",
        "flow": {
            "pkts_toserver": 5,
            "pkts_toclient": 4,
            "bytes_toserver": 320,
            "bytes_toclient": 380,
            "start": "2023-11-14T22:13:20.000001+0000",
            "end": "2023-11-14T22:13:21.000001+0000",
            "state": "closed",
        },
        "tcp": {"tcp_flags": "1b", "state": "closed"},
    }
    argus = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label\n"
    argus += "2011/08/18 09:56:29.1,3.5,tcp,10.0.0.1,40000,   ->,10.0.0.2,80,FSPA_FSPA,0,0,9,700,320,flow=a\n"
    argus += "2011/08/18 09:56:30.1,0.0,icmp,10.0.0.1,0x0008,  <->,10.0.0.2,0x0000,ECO,0,0,2,196,98,flow=b\n"
    nfdump = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh\n"
    nfdump += "2023-11-14 22:13:20,2023-11-14 22:13:21,1.000,10.0.0.1,10.0.0.2,40000,80,TCP,...AP.SF,0,0,5,320,4,380,"
    nfdump += "0,0,0,0,0,0,0,0,0.0.0.0\n"
    table = "ts,uid,src_ip,src_port,dst_ip,dst_port,proto,duration,src_bytes,dst_bytes,conn_state,history,src_pkts\n"
    table += "1700000000.5,C1,10.0.0.1,40000,10.0.0.2,80,tcp,0.5,100,200,SF,ShADadFf,5\n"
    found = {
        "zeek": [zeek, "".join(json.dumps(record) + "\n" for record in records)],
        "eve": [json.dumps(flow) + "\n"],
        "argus": [argus],
        "nfdump": [nfdump],
        "table": [table],
    }
    return [{"kind": kind, "hex": text.encode().hex()} for kind, texts in found.items() for text in texts]


def write(folder: Path = CORPUS) -> None:
    """Write the corpus anew."""
    for name, lines in (("frames", frames()), ("files", files()), ("flows", flows()), ("logs", logs())):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    write()
