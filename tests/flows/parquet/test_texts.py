import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.parquet.texts import SHORT, add_texts, hash_texts, is_same, put_texts


def laid(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data = np.frombuffer(b"".join(texts).ljust(8, b"?"), np.uint8)
    stops = np.cumsum([0, *(len(text) for text in texts)]).astype(np.uint32)
    return data, stops, np.arange(len(texts), dtype=np.uint32)


def hashes(texts: list[bytes]) -> tuple[list[int], int]:
    data, offsets, at = laid(texts)
    out = np.zeros(len(texts), np.uint64)
    return out, hash_texts(data, offsets, at, len(texts), out)  # type: ignore[return-value]


TEXTS = st.lists(st.binary(max_size=40) | st.sampled_from([b"", b"\0", b"\0\0", b"x" * 16, b"x" * 17]), min_size=1)


@settings(max_examples=examples(100), deadline=None)
@given(TEXTS)
def test_texts_are_the_same_exactly_if_their_dictionary_says_so(texts: list[bytes]) -> None:
    found, longest = hashes(texts)
    assert longest == max(map(len, texts))
    of = dict(zip(texts, found, strict=True))
    assert all(of[text] == value for text, value in zip(texts, found, strict=True))
    assert len(set(of.values())) == len(of)
    data, offsets, at = laid(texts)
    entries, starts = np.zeros(sum(map(len, texts)) + 16 * len(texts), np.uint8), np.zeros(len(texts), np.uint32)
    used = add_texts(data, offsets, at, 0, len(texts), entries, 0, starts)
    assert entries[:used].tobytes() == b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    for shift in range(min(len(texts), 3)):
        codes = np.roll(np.arange(len(texts), dtype=np.uint16), shift)
        wanted = [texts[code] for code in codes] == texts
        assert is_same(data, offsets, at, len(texts), entries, starts, codes) == wanted


def test_a_change_anywhere_in_a_text_is_seen() -> None:
    for length in (1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 40):
        text = bytes(range(length))
        data, offsets, at = laid([text])
        entries, starts = np.zeros(64, np.uint8), np.zeros(1, np.uint32)
        add_texts(data, offsets, at, 0, 1, entries, 0, starts)
        for place in range(length):
            changed, *_ = laid([text[:place] + b"?" + text[place + 1 :]])
            assert not is_same(changed, offsets, at, 1, entries, starts, np.zeros(1, np.uint16))
        longer, more, _ = laid([text + b"\0"])
        assert not is_same(longer, more, at, 1, entries, starts, np.zeros(1, np.uint16))


def test_short_texts_have_hashes_of_their_own() -> None:
    texts = [bytes([value]) * length for value in range(256) for length in range(SHORT + 1)]
    found, _ = hashes(texts)
    assert len(set(np.asarray(found).tolist())) == len(set(texts))


def test_texts_that_do_not_fit_a_dictionary_are_refused() -> None:
    data, offsets, at = laid([b"x" * 40])
    assert add_texts(data, offsets, at, 0, 1, np.zeros(50, np.uint8), 0, np.zeros(1, np.uint32)) == -1


def test_texts_are_written_with_their_lengths_and_nulls_left_out() -> None:
    data, offsets, _ = laid([b"ab", b"gone", b"", b"0123456789"])
    out = np.zeros(64, np.uint8)
    put_texts(data, offsets, np.array([0, 2, 3], np.uint32), 3, out, 1)
    assert out[1:25].tobytes() == b"\x02\0\0\0ab\0\0\0\0\x0a\0\0\x000123456789"
