"""Lists of values for statements."""

from microflow_runtime.store.sql.database import in_pieces


def test_a_long_list_is_cut_into_equal_pieces() -> None:
    """Nothing is lost, and the last piece is filled up with its own last value."""
    values = [str(number) for number in range(1001)]
    pieces = in_pieces(values)
    assert [len(piece) for piece in pieces] == [500, 500, 500]
    assert {value for piece in pieces for value in piece} == set(values)
    assert set(pieces[2]) == {"1000"}


def test_short_lists_stay_as_they_are() -> None:
    """A list that fits is one piece, an empty one is none."""
    assert in_pieces(["a", "b"]) == [["a", "b"]]
    assert in_pieces([]) == []
