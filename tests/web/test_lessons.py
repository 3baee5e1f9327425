import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from posedge.model.errors import DeviceError
from posedge.model.lesson import Lesson
from posedge.web.test_code import Form, picture
from posedge.wire.lesson_text import FULL_TEXT, SHORT_TEXT
from tests.web.shop import Shop

RUN = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)")
SCALE = 4
LESSON = Lesson(layout="de", ending="enter", gs="", invert_case=False)


class Pupil:
    def __init__(self) -> None:
        self.asked: list[float] = []
        self.error: DeviceError | None = None

    async def learn(self, timeout_s: float) -> Lesson:
        self.asked.append(timeout_s)
        if self.error is not None:
            raise self.error
        return LESSON


@pytest.mark.parametrize(("form", "text"), [("qr", FULL_TEXT), ("code128", SHORT_TEXT)])
def test_zbar_reads_the_test_codes_back(form: Form, text: str, tmp_path: Path) -> None:
    if shutil.which("zbarimg") is None:
        pytest.skip("zbar-tools is not here")
    shown = tmp_path / "code.pgm"
    shown.write_bytes(pgm(picture(form).decode()))
    done = subprocess.run(
        ["zbarimg", "--raw", "--quiet", str(shown)], check=True, capture_output=True
    )
    assert done.stdout.removesuffix(b"\n").decode() == text


def pgm(svg: str) -> bytes:
    """Draw what the path says, as the browser does."""
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert found is not None
    width, height = (int(size) * SCALE for size in found.groups())
    rows = [bytearray(b"\xff" * width) for _ in range(height)]
    for run in RUN.finditer(svg.partition('<path d="')[2]):
        x, y, wide, high = (int(number) * SCALE for number in run.groups())
        for row in rows[y : y + high]:
            row[x : x + wide] = b"\0" * wide
    return b"P5 %d %d 255\n" % (width, height) + b"".join(rows)


async def test_a_technician_teaches_a_scanner(shop: Shop, technician: httpx.AsyncClient) -> None:
    pupil = Pupil()
    shop.devices.drivers["scanner"] = pupil
    answer = await technician.post("/v1/devices/scanner/learn", json={"timeout_s": 5})
    assert Lesson.model_validate(answer.json()) == LESSON
    assert pupil.asked == [5]
    pupil.error = DeviceError("lesson.silent", "No code came")
    answer = await technician.post("/v1/devices/scanner/learn", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "lesson.silent")
    answer = await technician.post("/v1/devices/scale/learn", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "device.unknown")


async def test_a_till_teaches_nobody(till: httpx.AsyncClient) -> None:
    assert (await till.post("/v1/devices/scanner/learn", json={})).status_code == 403
    assert (await till.get("/v1/test-codes/qr")).status_code == 403


async def test_the_test_codes_are_pictures(technician: httpx.AsyncClient) -> None:
    for form in ("qr", "code128"):
        answer = await technician.get(f"/v1/test-codes/{form}")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.text.startswith("<svg")
    assert (await technician.get("/v1/test-codes/ean")).status_code == 422
