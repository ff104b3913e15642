import numpy as np

from redshank.flows.metering import emit
from redshank.flows.metering.prefix import TCP_BYTES, keep_datagram
from redshank.flows.metering.table import Table


def test_a_row_goes_out_with_its_ends_and_first_bytes() -> None:
    tables = Table(16, 1)
    row = tables.rows[3]
    row["orig_end"], row["resp_end"], row["more"], row["parents"], row["proto"] = 2, 5, 4, 1, 17
    row["a_port"], row["b_port"], row["serial"] = 53, 4000, 9
    row["packets"], row["pauses"] = 15, 1
    tables.ends["packets"][[2, 5]] = 7, 8
    tables.more["idle_sum"][4] = 11
    tables.more["firsts"][4, 2:] = np.arange(30)
    tables.parents[12:14] = 21, 22
    keep_datagram(tables.memory, tables.ends[2], np.frombuffer(b"question", np.uint8), 0, 8)
    keep_datagram(tables.memory, tables.ends[5], np.frombuffer(b"answer", np.uint8), 0, 6)
    emit.emit(tables.memory, 3, emit.BY_TIME)
    sent, stream = tables.out_rows[0], tables.out_streams[0]
    assert (int(sent["serial"]), int(sent["reason"]), int(sent["next"])) == (9, emit.BY_TIME, 3)
    assert tables.out_ends["packets"][:2].tolist() == [7, 8]
    assert int(tables.out_more["idle_sum"][0]) == 11
    assert tables.out_more["firsts"][0, 2:].tolist() == list(range(30))
    assert tables.out_parents[:2].tolist() == [21, 22]
    data = tables.out_data.tobytes()
    assert data[stream["client_at"] : stream["client_end"]] == b"question"
    assert data[stream["server_at"] : stream["server_end"]] == b"answer"
    assert (int(stream["proto"]), int(stream["orig_port"]), int(stream["resp_port"])) == (17, 4000, 53)
    assert int(tables.memory["out"]) == 1


def test_first_bytes_that_were_overwritten_are_counted_and_none_go_out() -> None:
    tables = Table(16, 1)
    tables.rows["orig_end"][0] = 1
    keep_datagram(tables.memory, tables.ends[1], np.zeros(8, np.uint8), 0, 8)
    tables.memory["written"] += 2 << 20
    for _ in range(2):
        emit.emit(tables.memory, 0, emit.IDLE)
    assert int(tables.memory["lost"]) == 1
    assert (tables.out_streams["client_end"][:2] == tables.out_streams["client_at"][:2]).all()


def test_there_is_room_only_if_one_packet_could_send_out_all_it_may() -> None:
    tables = Table(16, 1, out=100)
    assert emit.room(tables.memory)
    tables.memory["out"] = 100 - emit.SPARE_ROWS
    assert emit.room(tables.memory)
    tables.memory["out_bytes"] = len(tables.out_data) - 2 * emit.SPARE_ROWS * TCP_BYTES + 1
    assert not emit.room(tables.memory)
    tables.memory["out"], tables.memory["out_bytes"] = 101 - emit.SPARE_ROWS, 0
    assert not emit.room(tables.memory)
