import socket
from pathlib import Path

import pytest

from frames import ethernet, ipv4, pcap, tcp
from redshank.config import load
from redshank.core.errors import ActionError
from redshank.lab.arena import choose
from redshank.lab.network import Network
from redshank.lab.watch import Post, Watch, heard_of, judge_captures, judged

ETH_P_ALL = 3


def test_a_post_says_where_to_capture_and_what_judges(tmp_path: Path) -> None:
    post = Post(
        tmp_path / "post", interface="eth7", detectors=("classifier", "signatures"), more="[alerts]\nchance = 0.5"
    )
    settings = load(post.settings())
    assert settings.sources[0].interfaces == ("eth7",)
    assert settings.detect.detectors == ("classifier", "signatures")
    assert settings.alerts.chance == 0.5
    assert settings.service.state == settings.archive.folder.parent == tmp_path / "post"  # type: ignore[union-attr]


def test_a_post_can_read_captures_instead(tmp_path: Path) -> None:
    settings = load(Post(tmp_path).settings("captures = 'here'\nfollow = false"))
    assert (settings.sources[0].captures, settings.sources[0].interfaces) == (Path("here"), ())


def test_a_service_reads_captures_at_the_packets_own_times(tmp_path: Path) -> None:
    (tmp_path / "captures").mkdir()
    frames = [
        (1_700_000_000_000_000_000 + n * 10**7, ethernet(ipv4(tcp(flags="S", src_port=n, dst_port=n))))
        for n in range(1, 100)
    ]
    (tmp_path / "captures" / "sweep.pcap").write_bytes(pcap(frames))
    judge_captures(Post(tmp_path / "post", detectors=("signatures",)), tmp_path / "captures")
    flows = judged(tmp_path / "post")
    assert flows.num_rows == 99
    assert flows["alarm"].to_pylist().count(True) > 0
    (told,) = heard_of(tmp_path / "post")
    assert told.alert.over
    assert told.alert.device == "10.0.0.1"
    assert 1_700_000_000 < told.alert.first_seen_s < told.alert.last_seen_s < 1_700_000_001


def test_a_service_that_cannot_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ActionError, match="ended with code 2; it said: .*'absent'"):
        judge_captures(Post(tmp_path / "post"), Path("absent"))


@pytest.mark.root
@pytest.mark.service
def test_a_service_that_does_not_capture_says_why_though_somebody_else_captures_there(tmp_path: Path) -> None:
    post = Post(tmp_path, place="gateway", interface="eth7")
    with Network(choose(7, ("gateway",), ("api",), ipv6=())) as network:
        with network.inside("gateway"):
            others = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        with (
            others,
            pytest.raises(ActionError, match="the service does not capture on eth7; it said: .*eth7"),
            Watch(network, post),
        ):
            pass
