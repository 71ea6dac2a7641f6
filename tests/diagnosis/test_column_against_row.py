"""The finding about a column that met a row."""

from fallline.diagnosis.column_against_row import column_against_row


def test_it_names_the_size_and_the_remedy():
    """Both shapes, what was made of them, and what to write."""
    finding = column_against_row(5)
    assert (finding.code, finding.severity, finding.values["rows"]) == ("shape-mismatch", "warning", 5)
    assert "(5, 1)" in finding.message and "5 by 5" in finding.message and "y.ravel()" in finding.remedy
