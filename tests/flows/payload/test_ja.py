from redshank.flows.payload.ja import ja3, ja4


def test_the_published_examples_have_their_hashes() -> None:
    # README of JA3.
    assert ja3(b"769,4-5-10-9-100-98-3-6-19-18-99,,,") == "de350869b8c85de67a350c8d186f11e6"
    # Technical details of JA4.
    ciphers = b"002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9"
    rest = b"0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_"
    rest += b"0403,0804,0401,0503,0805,0501,0806,0601"
    assert ja4(b" ".join([b"t13d1516h2", ciphers, rest])) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_an_empty_list_has_zeros() -> None:
    assert ja4(b"t10i000000  ") == "t10i000000_000000000000_000000000000"
