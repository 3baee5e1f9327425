"""What stands around the desk, for the box and for the command line alike."""

from posedge.app.world import World
from posedge.devices.registry import Devices
from posedge.journal.interface import Journal
from posedge.payments.daybook import DayBook
from posedge.payments.desk import Desk
from posedge.payments.period import Period
from posedge.payments.reconciliations import Reconciliations
from posedge.settings import Settings
from posedge.tasks import Crew, Run
from posedge.terminals.cabinet import Cabinet
from posedge.terminals.checks import Checks
from posedge.terminals.surroundings import Surroundings


async def begin_days(
    journal: Journal, desk: Desk, devices: Devices, world: World, crew: Crew
) -> Reconciliations:
    """Return the ends of terminals' days, with what the last run left open taken up."""
    book, period = DayBook(journal, world.clock, world.ids), Period(journal)
    days = Reconciliations(book, period, desk, devices, crew)
    await days.start()
    return days


async def begin_checks(settings: Settings, run: Run, around: Surroundings, crew: Crew) -> Checks:
    """Return the go-live checks, with the reports that were kept; `run` calls what blocks."""
    checks = Checks(around, Cabinet(settings.checks_path, run), crew)
    await checks.load()
    return checks
