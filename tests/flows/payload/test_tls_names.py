import pytest

from redshank.flows.payload.tls_names import group_name, suite_name, suites, version_name


@pytest.mark.parametrize(
    ("number", "name"),
    [  # IANA's registry, one of each kind of line
        (0x0000, "TLS_NULL_WITH_NULL_NULL"),
        (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0x0025, "TLS_KRB5_WITH_IDEA_CBC_MD5"),
        (0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"),
        (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
        (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
        (0x00FF, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),
        (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
        (0x5600, "TLS_FALLBACK_SCSV"),
        (0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
        (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
        (0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (0xC03B, "TLS_ECDHE_PSK_WITH_NULL_SHA384"),
        (0xC093, "TLS_RSA_PSK_WITH_CAMELLIA_256_GCM_SHA384"),
        (0xC09B, "TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384"),
        (0xC0AB, "TLS_PSK_DHE_WITH_AES_256_CCM_8"),
        (0xCCAE, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256"),
        (0xD005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256"),
        (0xC0B6, "unknown-49334"),
    ],
)
def test_suites_have_their_registered_names(number: int, name: str) -> None:
    assert suite_name(number) == name


def test_no_name_is_given_twice() -> None:
    assert len(suites()) == 362
    assert len(set(suites().values())) == len(suites())


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "sect163k1"),
        (23, "secp256r1"),
        (25, "secp521r1"),
        (30, "x448"),
        (41, "curveSM2"),
        (260, "ffdhe8192"),
        (4588, "X25519MLKEM768"),
        (25498, "SecP256r1Kyber768Draft00"),
        (42, "unknown-42"),
    ],
)
def test_groups_have_their_registered_names(number: int, name: str) -> None:
    assert group_name(number) == name


@pytest.mark.parametrize(
    ("number", "name"), [(2, "SSLv2"), (0x0301, "TLSv10"), (0x0304, "TLSv13"), (0xFEFD, "DTLSv12"), (9, "unknown-9")]
)
def test_versions_are_named_as_zeek_does(number: int, name: str) -> None:
    assert version_name(number) == name
