import httpx2

from browsing import serving
from redshank.console.desk import Desk
from redshank.console.sessions import Bearers
from redshank.store.credentials import Tokens


def test_a_program_follows_over_the_wire_until_its_token_is_withdrawn(desk: Desk) -> None:
    tokens = Tokens(desk.database)
    token, secret = Bearers(tokens).give("vera", "viewer", "a wall", "vera", desk.now_s(), None)
    shown = {"authorization": f"Bearer {secret}"}
    with serving(desk) as port:
        where = f"http://127.0.0.1:{port}/api/v1/live"
        with httpx2.stream("GET", where, headers=shown, timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            told = []
            for line in answer.iter_lines():
                told.append(line)
                if line == "event: hello":
                    tokens.withdraw(token.id, desk.now_s(), "vera")
        assert "event: over" in told
        assert httpx2.get(where, headers=shown).status_code == 401
