from pydantic import BaseModel

from redshank.console.programs.example import example


def test_a_model_shows_its_example() -> None:
    class Wish(BaseModel):
        model_config = example(why="sold", days=3)

        why: str
        days: int

    assert Wish.model_json_schema()["examples"] == [{"why": "sold", "days": 3}]
