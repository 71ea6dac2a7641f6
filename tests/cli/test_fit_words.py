"""Tables and sentences for a terminal."""

from fallline.cli.fit_words import bullet, table


def test_columns_stand_straight_in_any_script():
    """Wide characters take two places, so that columns stand straight."""
    lines = table(["名前", "b"], [("診療科=外科", "1"), ("x", "22")])
    assert lines == ["名前          b", "診療科=外科   1", "x            22"]


def test_long_sentences_are_wrapped_under_their_bullet():
    """A long sentence goes on under its beginning, and no word is cut."""
    lines = bullet("word " * 40 + "x" * 120).splitlines()
    assert lines[0].startswith("- word")
    assert all(line.startswith("  ") for line in lines[1:])
    assert lines[-1].strip() == "x" * 120
