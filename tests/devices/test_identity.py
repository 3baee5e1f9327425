from posedge.devices.identity import Names, static_id


class Notes(dict[str, str]):
    async def keep(self, key: str, value: str) -> None:
        self[key] = value


def names(notes: Notes) -> Names:
    return Names(notes, notes.keep)


async def test_names_are_counted_and_kept_over_a_restart() -> None:
    notes = Notes()
    first = names(notes)
    assert await first.name("a", "wedge@1", "scanner", frozenset()) == "scanner"
    assert await first.name("b", "wedge@2", "scanner", frozenset({"scanner"})) == "scanner-2"
    again = names(notes)
    assert await again.name("b", "wedge@2", "scanner", frozenset()) == "scanner-2"
    assert await again.name("c", "wedge@3", "scanner", frozenset()) == "scanner-3"


async def test_a_device_keeps_its_name_in_another_port() -> None:
    notes = Notes()
    await names(notes).name("a", "wedge@1", "scanner", frozenset())
    assert await names(notes).name("a", "wedge@7", "scanner", frozenset()) == "scanner"


async def test_a_replacement_in_the_same_port_takes_over_the_name() -> None:
    notes = Notes()
    await names(notes).name("old", "wedge@1", "scanner", frozenset())
    assert await names(notes).name("new", "wedge@1", "scanner", frozenset()) == "scanner"


async def test_a_name_in_use_is_not_taken_over() -> None:
    notes = Notes()
    box = names(notes)
    await box.name("a", "wedge@1", "scanner", frozenset())
    moved = await box.name("b", "wedge@1", "scanner", frozenset({"scanner"}))
    assert moved == "scanner-2"


async def test_a_shared_serial_number_is_remembered() -> None:
    notes = Notes()
    box = names(notes)
    assert not box.shared("0c2e:0b61:S1")
    await box.mark_shared("0c2e:0b61:S1")
    assert names(notes).shared("0c2e:0b61:S1")


async def test_nothing_is_written_twice() -> None:
    written: list[str] = []

    async def keep(key: str, value: str) -> None:
        written.append(key)

    box = Names({}, keep)
    for _ in range(3):
        await box.name("a", "wedge@1", "scanner", frozenset())
    assert written == ["name/a", "port/wedge@1"]


def test_static_ids_come_from_the_name() -> None:
    assert static_id("till 1") == "static:till-1"
