"""The shop's logo: what is made of a PNG, and what becomes of a receipt without one."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from posedge.checkout import logo as logo_module
from posedge.checkout.logo import SIZE, Logo, dithered
from posedge.checkout.settings import CheckoutSettings
from posedge.model.errors import ConfigError
from posedge.model.receipt import Text
from tests.doubles.store import Store, basket, cash, sale_id


def png(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def ring(width: int = 800, height: int = 400) -> Image.Image:
    """Draw a black ring on nothing."""
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((50, 50, width - 50, height - 50), outline="black", width=40)
    return image


def test_a_png_becomes_black_dots_on_white_of_a_size_that_fits_every_printer() -> None:
    picture = dithered(png(ring()))
    assert (picture.width, picture.height) == (384, 192)
    dots = Image.frombytes("1", (384, 192), picture.dots, "raw", "1;I")
    assert dots.getpixel((0, 0)) == 255
    assert dots.getpixel((192, 96)) == 255
    assert dots.getpixel((30, 96)) == 0


def test_grey_is_dithered_and_a_small_one_is_centred_on_whole_bytes() -> None:
    picture = dithered(png(Image.new("L", (9, 40), 128)))
    assert (picture.width, picture.height) == (16, 40)
    black = sum(each.bit_count() for each in picture.dots)
    assert 9 * 40 * 0.35 < black < 9 * 40 * 0.65
    high = dithered(png(Image.new("L", (10, 4000))))
    assert high.height == SIZE[1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no PNG"),
        (b"GIF89a", "no PNG"),
        (png(ring(), "PNG")[:200], "broken"),
        (png(ring().convert("RGB"), "JPEG"), "no PNG"),
        (b"x" * (logo_module.MAX_BYTES + 1), "512 KB"),
        (png(Image.new("1", (2001, 2000))), "pixels"),
    ],
)
def test_what_is_none_says_why(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        dithered(data)


def at(path: Path) -> Store:
    return Store(checkout_settings=CheckoutSettings(logo=path, header=("ACME",)))


async def test_a_receipt_begins_with_it(tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(png(ring()))
    store = at(file)
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
        file.unlink()
        await checkout.sell(basket(2, cash(100)))
    pictures = [receipt.parts[0] for _, receipt in store.printer.paper]
    assert pictures == [dithered(png(ring()))] * 2


async def test_who_asks_while_it_is_read_or_has_stopped_waiting_gets_it_too(tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(png(ring()))
    logo = Logo(file)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await logo.picture()
    both = await asyncio.gather(logo.picture(), logo.picture())
    assert list(both) == [dithered(png(ring()))] * 2


async def test_without_it_the_receipt_is_printed_all_the_same(tmp_path: Path) -> None:
    store = at(tmp_path / "none.png")
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
        document = await checkout.copies.customer(sale_id(1))
    assert isinstance(document.parts[0], Text)
    assert len(store.printer.paper) == 1
