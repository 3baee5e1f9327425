import pytest

from posedge.wire.matrix_size import data_matrix_modules, data_matrix_words, qr_modules


@pytest.mark.parametrize(("size", "modules"), [(1, 21), (14, 21), (15, 25), (666, 97), (667, None)])
def test_qr(size: int, modules: int | None) -> None:
    assert qr_modules(size) == modules


@pytest.mark.parametrize(("words", "modules"), [(3, 10), (4, 12), (45, 32), (174, 48), (175, None)])
def test_data_matrix(words: int, modules: int | None) -> None:
    assert data_matrix_modules(words) == modules


def test_words_of_ascii_encodation() -> None:
    """The standard's own example: 123456 is 142 164 186 (ISO/IEC 16022, annex O)."""
    assert data_matrix_words("123456") == [142, 164, 186]
    assert data_matrix_words("\x1d01A9") == [232, 131, 66, 58]
