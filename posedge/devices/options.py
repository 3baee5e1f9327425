"""A device's options as the operator wrote them: its line's and its driver's in one table."""

from collections.abc import Generator
from contextlib import contextmanager

from pydantic import ValidationError, ValidationInfo

from posedge.devices.address import Line, Options, beyond_line, line
from posedge.drivers.registry import DRIVERS
from posedge.model.mistakes import no_such, retold, told
from posedge.model.value import Value


def known_driver(name: str | None) -> str | None:
    """Return the name of a driver, or None for none; ValueError lists those there are."""
    if name is not None and name not in DRIVERS:
        raise ValueError(f"no driver {name!r}; there are {', '.join(sorted(DRIVERS))}")
    return name


def understood(options: Options, info: ValidationInfo) -> Options:
    """Check the options behind a field `driver`, which has its own mistake when it is missing."""
    if "driver" in info.data:
        _check(info.data["driver"], options)
    return options


def _check(driver: str | None, options: Options) -> None:
    """Raise pydantic's ValidationError, told in words, when the options cannot be.

    Without a driver (it comes from the catalog once the device is plugged in) the keys must be
    some driver's; their values are looked at then.
    """
    own = beyond_line(options)
    with _in_words(Line):
        line(driver or "", options)
    if driver is not None:
        kind = DRIVERS[driver].options
        with _in_words(kind):
            kind.model_validate(own)
        return
    if not own:
        return
    known = sorted({key for each in DRIVERS.values() for key in each.options.model_fields})
    unknown = [told(no_such(key, known), key) for key in own if key not in known]
    if unknown:
        raise ValidationError.from_exception_data("options", unknown)


@contextmanager
def _in_words(kind: type[Value]) -> Generator[None]:
    try:
        yield
    except ValidationError as error:
        raise retold(error, kind, beside=Line.model_fields) from None
