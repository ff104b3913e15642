from dataclasses import replace

from explored import surveyed, unlabelled
from redshank.data.explore.lookup import Right, Split
from redshank.data.explore.survey import Survey
from redshank.report.findings import FINE, LEAK, LOOK, Finding, counted, findings, told_right

NOTHING = Split(surveyed().table.y[:0], surveyed().table.y[:0], 0.5, 0.75)


def about(survey: Survey, what: str) -> list[Finding]:
    return [one for one in findings(survey) if one.about == what]


def test_leaks_come_first_and_each_is_said_with_its_figure() -> None:
    found = findings(surveyed())
    assert [one.kind for one in found] == sorted((one.kind for one in found), key=(LEAK, LOOK, FINE).index)
    texts = " ".join(one.text for one in found if one.kind == LEAK)
    assert "“src_ip” alone tells benign from attack in 100 % of held-out rows" in texts
    assert "It names a device, a port, a row or a moment and not a behavior: leave it out." in texts
    assert "The file is sorted: it has 3 blocks of one class where shuffled rows would make about 734" in texts
    assert "“state” spells one value in several ways, and the way gives the class away" in texts
    assert "“high” in 0 benign and " in texts
    assert counted(found, LEAK) == sum(one.kind == LEAK for one in found)


def test_the_ceiling_is_told_of_the_fewest_columns() -> None:
    (one,) = about(surveyed(), "ceiling")
    assert one.kind == LOOK
    assert "columns without identifiers, each value in one spelling can get more than" in one.text


def test_running_numbers_are_named() -> None:
    assert any(
        "rise or fall along the file, as row numbers or clocks do: “pkSeqID”, “ts”." in one.text
        for one in about(surveyed(), "order")
    )


def test_copies_are_told_of_the_columns_that_show_most_to_training() -> None:
    kinds = {one.kind for one in about(surveyed(), "copies")}
    assert kinds == {LEAK}
    assert "a test on them measures memory" in about(surveyed(), "copies")[0].text


def test_a_table_without_leaks_is_fine() -> None:
    audit = surveyed().audit
    assert audit is not None
    quiet = replace(
        audit,
        singles=tuple(one for one in audit.singles if one.columns == ("service",)),
        pairs=(),
        sets=(replace(audit.sets[0], seen=0.0),),
        order=replace(audit.order, blocks=730, closes=0.0, rising=()),
        spelled=(replace(audit.spelled[0], one_sided=0.0, written=audit.spelled[0].plain),),
    )
    found = findings(replace(surveyed(), audit=quiet))
    assert {one.kind for one in found} == {FINE}
    assert [one.text.split(":")[0] for one in found] == [
        "No single column names the class",
        "A random split shows 0 % of held-out rows to training.",
        "The rows are mixed",
        "Some values have several spellings (state), but no class has one of its own.",
        "Nearly every row is the only one of its kind in all columns",
    ]


def test_without_classes_there_is_nothing_to_find() -> None:
    assert findings(unlabelled()) == []


def test_a_look_up_is_told_in_the_task_where_it_goes_further() -> None:
    assert told_right(Right(0.9, 0.76), NOTHING) == (
        "names the class of 90 % of held-out rows (the commonest: 50 %), benign or attack of 76 %"
    )
    assert told_right(Right(0.5, 0.99), NOTHING) == (
        "tells benign from attack in 99.00 % of held-out rows (the commonest answer: 75 %), and names the class of 50 %"
    )
    assert told_right(Right(0.6, None), NOTHING) == "names the class of 60 % of held-out rows (the commonest: 50 %)"
