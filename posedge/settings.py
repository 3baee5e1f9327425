"""The box's configuration: one TOML file, then the environment, each key known.

Environment: `POSEDGE_` and the path of the key joined by two underscores, e.g.
`POSEDGE_WEB__PORT=8080`.
"""

import difflib
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from posedge.checkout.settings import CheckoutSettings
from posedge.devices.settings import DevicesSettings
from posedge.model.errors import ConfigError
from posedge.model.topics import BoxTopics
from posedge.model.value import Value
from posedge.payments.settings import PaymentSettings
from posedge.relay.settings import RelaySettings
from posedge.web.settings import WebSettings

MACHINE_ID = Path("/etc/machine-id")
Level = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]


def _own_name() -> str:
    """Return a name that stays: from the machine's id, hashed as machine-id(5) asks for."""
    known = MACHINE_ID.read_bytes() if MACHINE_ID.exists() else b""
    return f"box-{hashlib.sha256(b'posedge' + known.strip()).hexdigest()[:8]}"


class BoxIdentity(Value):
    """Who the box is. `name` is unique among all boxes and equals its certificate's CN."""

    tenant: Level = "shop"
    store: Level = "store-1"
    name: Level = Field(default_factory=_own_name)


class EventLogSettings(Value):
    """How much of the event stream is held for listeners that were away."""

    keep_count: Annotated[int, Field(ge=1000, le=1_000_000)] = 10_000
    keep_days: Annotated[int, Field(ge=1, le=90)] = 7


class LogSettings(Value):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(BaseSettings):
    """Everything that an operator may set, in the order of the file."""

    model_config = SettingsConfigDict(
        env_prefix="POSEDGE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    state_dir: Path = Path("/var/lib/posedge")
    box: BoxIdentity = BoxIdentity()
    web: WebSettings = WebSettings()
    relay: RelaySettings = RelaySettings()
    devices: DevicesSettings = DevicesSettings()
    payments: PaymentSettings = PaymentSettings()
    checkout: CheckoutSettings = CheckoutSettings()
    events: EventLogSettings = EventLogSettings()
    log: LogSettings = LogSettings()

    @property
    def journal_path(self) -> Path:
        return self.state_dir / "journal.db"

    @property
    def events_path(self) -> Path:
        return self.state_dir / "events.db"

    @property
    def page(self) -> str:
        """Where the box's page is found from the box itself."""
        scheme = "https" if self.web.secure else "http"
        anywhere = self.web.host in {"0.0.0.0", "::"}  # noqa: S104 - only compared
        return f"{scheme}://{'127.0.0.1' if anywhere else self.web.host}:{self.web.port}"

    @property
    def topics(self) -> BoxTopics:
        return BoxTopics(self.box.tenant, self.box.store, self.box.name)


def load(path: Path) -> Settings:
    """Read the configuration; ConfigError says every mistake, one a line.

    A missing file is a mistake too: a box that runs on defaults by a typing error in a path
    would write its journal to another place.
    """
    found = _read(path)
    if isinstance(found, Settings):
        return found
    raise ConfigError("config.mistakes", "\n".join(found))


def mistakes(path: Path) -> tuple[str, ...]:
    """Say each mistake in one line: where, what, and what to write instead."""
    found = _read(path)
    return () if isinstance(found, Settings) else found


def _read(path: Path) -> Settings | tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8")
        tomllib.loads(text)
    except FileNotFoundError:
        return (f"{path}: no such file; copy config/posedge.toml there or name yours by --config",)
    except (OSError, UnicodeDecodeError) as error:
        return (f"{path}: cannot be read: {error}",)
    except tomllib.TOMLDecodeError as error:
        return (f"{path}: not TOML: {error}; put text in quotes and one key on each line",)
    try:
        return _from_file(path)()
    except ValidationError as error:
        return tuple(_sentence(path, text, each) for each in error.errors(include_url=False))


def _from_file(path: Path) -> type[Settings]:
    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)

    return FromFile


def _sentence(path: Path, text: str, mistake: ErrorDetails) -> str:
    """Turn pydantic's finding into a line for the operator."""
    place = tuple(str(each) for each in mistake["loc"])
    where = f"{path}:{_line(text, place)}: {'.'.join(place)}"
    if mistake["type"] == "extra_forbidden":
        known = _known(place[:-1])
        close = difflib.get_close_matches(place[-1], known, n=1)
        advice = f"write '{close[0]}'" if close else f"known here: {', '.join(known)}"
        return f"{where}: unknown key; {advice}"
    return f"{where}: {mistake['msg']}, not {mistake['input']!r}"


def _known(place: tuple[str, ...]) -> list[str]:
    """Return the keys that may stand in the table at `place`."""
    model: Any = Settings
    for step in place:
        if isinstance(model, type) and issubclass(model, BaseModel) and step in model.model_fields:
            model = _inner(model.model_fields[step].annotation)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return sorted(model.model_fields)
    return []


def _inner(annotation: Any) -> Any:
    """Return the model inside `tuple[Model, ...]`, `Model | None` or `Mapping[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = [_inner(each) for each in get_args(annotation)]
    return next((each for each in inside if each is not None), None)


def _line(text: str, place: tuple[str, ...]) -> int:
    """Find the line of a key: the last step that the text spells, behind those before it."""
    lines, found = text.splitlines(), 0
    for step in place:
        mark = re.compile(rf"^\s*(\[+.*\b{re.escape(step)}\b.*\]+|\"?{re.escape(step)}\"?\s*=)")
        behind = (n for n in range(found, len(lines)) if mark.match(lines[n]))
        found = next(behind, found)
    return found + 1
