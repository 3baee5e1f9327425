from posedge.demo.goods import GOODS, line, summary
from posedge.wire.gs1 import read_code


def test_every_good_bears_a_valid_number() -> None:
    for good in GOODS:
        assert read_code(good.gtin).gtin == good.gtin.zfill(14)


def test_a_weighed_line_is_rounded_half_up() -> None:
    cheese = next(good for good in GOODS if good.title == "Mountain cheese")
    sold = line(1, cheese, weight_g=250)
    assert (sold.gross_minor, sold.net_minor, sold.taxes[0].amount_minor) == (623, 582, 41)
    assert (str(sold.quantity), sold.unit) == ("0.250", "KGM")


def test_the_summary_adds_up_by_rate() -> None:
    lines = tuple(line(number, good) for number, good in enumerate(GOODS, 1))
    taxes = summary(lines)
    assert [tax.code for tax in taxes] == ["VAT7", "VAT19"]
    total = sum(each.taxes[0].amount_minor for each in lines)
    assert sum(tax.amount_minor for tax in taxes) == total
    assert [tax.amount_minor for tax in summary(lines, -1)] == [-t.amount_minor for t in taxes]
