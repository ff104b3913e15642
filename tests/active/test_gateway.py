import numpy as np

from redshank.active.gateway import Choice, borders, choose, margins

NOBODY = np.empty(0, np.int64)


def choice(n: int = 200, devices: int = 20, seed: int = 0, **changed: object) -> Choice:
    rng = np.random.default_rng(seed)
    values = {
        "p": rng.dirichlet([1.0, 1.0, 1.0], n),
        "unknown": np.zeros(n, np.bool_),
        "fair": np.arange(n),
        "moved": NOBODY,
        "devices": [f"10.0.0.{at % devices}" for at in range(n)],
        "kinds": [f"{at % 7}/tcp" for at in range(n)],
    }
    return Choice(**values | changed)  # type: ignore[arg-type]


def test_a_tenth_is_drawn_from_the_fair_sample_and_the_rest_is_doubtful() -> None:
    drawn_in_all = 0
    for seed in range(60):
        given = choice(fair=np.arange(150, 200), seed=seed)
        rows, drawn = choose(given, 5, seed)
        assert len(set(rows.tolist())) == 5
        assert set(drawn.tolist()) <= set(rows.tolist())
        assert (drawn >= 150).all()
        useful = np.setdiff1d(rows, drawn)
        assert (margins(given.p)[useful] < 0.2).all()
        drawn_in_all += len(drawn)
    assert 15 <= drawn_in_all <= 45  # 30 of 300


def test_the_same_seed_chooses_the_same() -> None:
    assert choose(choice(), 9, 3)[0].tolist() == choose(choice(), 9, 3)[0].tolist()


def test_no_device_and_no_kind_of_flow_has_more_than_its_share() -> None:
    given = choice(devices=50)
    loud = choice(p=np.concatenate([np.full((100, 3), 1 / 3), given.p[100:]]), devices=50)
    flooding = choice(p=loud.p, devices=50, kinds=["mqtt/tcp"] * 100 + loud.kinds[100:])  # type: ignore[operator]
    for one in (loud, flooding):
        rows, _ = choose(one, 10, 1)
        assert max(np.unique([one.devices[row] for row in rows], return_counts=True)[1]) <= 2
        assert max(np.unique([one.kinds[row] for row in rows], return_counts=True)[1]) <= 3


def test_a_device_that_had_its_questions_has_no_more() -> None:
    given = choice(devices=10, asked_devices=["10.0.0.1"] * 60 + ["10.0.0.2"] * 10)
    rows, _ = choose(given, 10, 1)
    assert "10.0.0.1" not in {given.devices[row] for row in rows}


def test_half_is_of_devices_whose_traffic_moved_and_what_no_class_fits_comes_early() -> None:
    sure = np.tile([0.98, 0.01, 0.01], (200, 1))
    sure[::3] = [0.4, 0.35, 0.25]
    unknown = np.zeros(200, np.bool_)
    unknown[1] = True
    rows, _ = choose(choice(p=sure, moved=np.arange(100, 140), unknown=unknown), 10, 1)
    assert sum(100 <= row < 140 for row in rows) >= 5
    assert 1 in rows


def test_classes_are_asked_about_in_turns_and_a_row_without_probabilities_is_doubtful() -> None:
    p = np.array([[0.5, 0.5, 0.0], [0.55, 0.45, 0.0], [0.0, 0.1, 0.9], [np.nan] * 3])
    assert set(borders(p, 0)[:3].tolist()) == {0, 3, 2} or borders(p, 0)[:2].tolist() in ([0, 2], [3, 2])


def test_there_may_be_nothing_to_ask() -> None:
    rows, drawn = choose(choice(n=1), 5, 0)
    assert rows.tolist() == [0]
    assert len(drawn) <= 1
