"""One driver for each provider: a name, its options, what it can do and where its client is."""

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import ClassVar, TypeVar, cast

from posedge.drivers.cloud import CloudTerminal
from posedge.drivers.cloud_interface import CloudOptions, Provider
from posedge.drivers.interface import Driver, Site
from posedge.drivers.options import read_options
from posedge.drivers.square_options import SquareOptions
from posedge.drivers.stripe_options import StripeOptions
from posedge.drivers.sumup_options import SumupOptions
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.hook import Hook
from posedge.model.rehearsal import Rehearsal
from posedge.model.terminal import Ability
from posedge.model.value import Value
from posedge.wire.webhooks import square_signed, stripe_signed

O = TypeVar("O", bound=CloudOptions)  # noqa: E741 - the options

Check = Callable[[Hook, O, int], bool]
"""Whether a webhook is signed as these options have it, now."""


def _through(
    known_as: str, kind: type[O], able_to: frozenset[Ability], client: str, signed: Check[O]
) -> type[Driver]:
    """Return the driver; `client` is the module and the name of its Provider.

    The vendor's library is imported with it, by the first such terminal: it takes tens of
    megabytes, and half a second in which the loop must not stand still.
    """

    class Through(CloudTerminal):
        name: ClassVar[str] = known_as
        options: ClassVar[type[Value]] = kind
        able: ClassVar[frozenset[Ability]] = able_to

        def __init__(self, site: Site) -> None:
            own = read_options(kind, site.options)

            async def connect(site: Site) -> Provider:
                if not site.scheme.startswith("http"):
                    text = f"driver {known_as} asks its provider: write address = https://…"
                    raise DeviceError("options.invalid", text, option="address")
                made = await asyncio.to_thread(_provider, client)
                return made(site, own)

            def known(hook: Hook, now_s: int) -> bool:
                if hook.provider != known_as:
                    raise MisuseError("hook.unwanted", f"it is of {hook.provider}, not {known_as}")
                return signed(hook, own, now_s)

            super().__init__(site, own, connect, known)
            self._rehearsal = Rehearsal(
                test_mode=own.in_test_mode(site.address), currency=own.currency
            )

        @property
        def rehearsal(self) -> Rehearsal:
            return self._rehearsal

    return Through


def _stripe(hook: Hook, options: StripeOptions, now_s: int) -> bool:
    header = hook.headers.get("stripe-signature", "")
    return stripe_signed(hook.body, header, _secret(options.webhook_secret), now_s=now_s)


def _square(hook: Hook, options: SquareOptions, _now_s: int) -> bool:
    header = hook.headers.get("x-square-hmacsha256-signature", "")
    secret = _secret(options.webhook_secret)
    return square_signed(hook.body, header, secret, url=options.webhook_url or "")


def _sumup(_hook: Hook, _options: SumupOptions, _now_s: int) -> bool:
    text = "SumUp signs no webhook of a reader's payment: it is polled"
    raise MisuseError("hook.unwanted", text)


def _secret(secret: str | None) -> str:
    if secret is None:
        raise MisuseError("hook.unwanted", "there is no secret to check it by: set webhook_secret")
    return secret


def _provider(client: str) -> Callable[[Site, CloudOptions], Provider]:
    module, _, name = client.partition(":")
    _spare_nothing()
    try:
        made: Callable[[Site, CloudOptions], Provider] = getattr(import_module(module), name)
    except ImportError as error:
        extra = module.rpartition(".")[2].partition("_")[0]
        text = f"the provider's client cannot be loaded ({error}): install posedge[{extra}]"
        raise DeviceError("terminal.libraryless", text) from None
    return made


def _spare_nothing() -> None:
    """Let in what the box's start kept away (`spare` in cli/run.py): Square's client needs it."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    for name, module in list(modules.items()):
        if module is None:
            del modules[name]


_PLAIN = frozenset({Ability.REFUND, Ability.REVERSAL, Ability.CANCEL})

CLOUDS: tuple[type[Driver], ...] = (
    _through(
        "stripe",
        StripeOptions,
        _PLAIN | {Ability.PREAUTH, Ability.RELEASE, Ability.ASKS_TIP},
        "posedge.drivers.stripe_provider:StripeProvider",
        _stripe,
    ),
    _through(
        "square",
        SquareOptions,
        _PLAIN | {Ability.ASKS_TIP},
        "posedge.drivers.square_provider:SquareProvider",
        _square,
    ),
    _through(
        "sumup",
        SumupOptions,
        _PLAIN,
        "posedge.drivers.sumup_provider:SumupProvider",
        _sumup,
    ),
)
