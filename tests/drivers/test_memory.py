from posedge.drivers.memory import Memory


async def test_what_is_learnt_is_kept_once_under_its_device() -> None:
    kept: list[tuple[str, str]] = []

    async def keep(name: str, value: str) -> None:
        kept.append((name, value))

    box = Memory({"learnt/old/level": "high"}, keep, prefix="learnt/")
    printer = box.of("printer")
    assert (box.of("old").recall("level"), printer.recall("level")) == ("high", None)
    await printer.learn("level", "low")
    await printer.learn("level", "low")
    assert box.of("printer").recall("level") == "low"
    assert kept == [("learnt/printer/level", "low")]


async def test_without_a_place_to_keep_it_lasts_as_long_as_the_process() -> None:
    memory = Memory()
    await memory.learn("level", "low")
    assert memory.recall("level") == "low"


async def test_a_replacement_in_the_same_port_knows_what_was_learnt_there() -> None:
    box = Memory()
    await box.of("old", "wedge@usb-1").learn("manner", "de")
    assert box.of("new", "wedge@usb-1").recall("manner") == "de"
    assert box.of("new", "wedge@usb-2").recall("manner") is None
    await box.of("new", "wedge@usb-1").learn("manner", "fr")
    assert box.of("new", "wedge@usb-2").recall("manner") == "fr"
    assert box.of("old", "wedge@usb-1").recall("manner") == "de"
