"""The entity of these tests: one class, declared as docs/howto/add-an-entity.md says, and one verb on it; nothing else anywhere."""

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.entity import Entity, link
from app.core.errors import RuleError
from app.core.operation import operation
from app.core.scope import Scope
from app.core.screen import Screen, When
from app.core.types import (
    Choice,
    Code,
    Count,
    Currency,
    Flag,
    Instant,
    Line,
    Money,
    PersonalData,
    Phone,
    Rate,
    Text,
    choice,
)


class LorryState(Choice):
    """Whether a lorry can be driven."""

    READY = "ready", _("Ready"), "green"
    IN_REPAIR = "in_repair", _("In repair"), "orange"


class Lorry(Entity):
    """A lorry that carries the herds of a customer, kept at a branch."""

    __called__ = "plate"
    __scope__ = Scope(branch="branch_id", officer="driver_id")

    plate: Mapped[Code] = mapped_column(unique=True)
    branch_id: Mapped[int] = link("branch")
    driver_id: Mapped[int | None] = link("user")
    team_id: Mapped[int | None] = link("team")
    customer_id: Mapped[int] = link("customer")
    licence: Mapped[PersonalData | None]
    bought_on: Mapped[date]
    price: Mapped[Money]
    currency: Mapped[Currency]
    seats: Mapped[Count | None]
    is_spare: Mapped[Flag]
    state: Mapped[LorryState] = choice(LorryState, default=LorryState.READY)
    workshop: Mapped[Line | None]
    phone: Mapped[Phone | None]
    serviced_at: Mapped[Instant | None]
    lease_rate: Mapped[Rate | None]
    remark: Mapped[Text | None]

    __screen__ = Screen(
        menu=_("Contact"), title=_("Lorries"), icon="truck", list="plate branch driver state price bought_on",
        form={_("Lorry"): "plate branch driver team customer licence phone seats is_spare remark",
              _("Purchase"): "bought_on price currency lease_rate",
              _("Repair"): "state workshop serviced_at"},
        search="plate", charts={"state": "count sum(price)"}, only_if={"workshop": When("state", "in_repair")},
        help=_("Lorries that carry herds, each of the branch where it stands. A lorry in repair is driven by nobody until it is ready again."),
    )  # fmt: skip


@operation(Lorry, _("Send to repair"), roles=("Officer",), icon="tool")
def send_to_repair(_session: Session, lorry: Lorry, *, workshop: Line) -> object:
    """Put a lorry down as being repaired, and where."""
    if lorry.state == LorryState.IN_REPAIR:
        raise RuleError(_("It is in repair already"))
    lorry.state, lorry.workshop = LorryState.IN_REPAIR, workshop
    return _("It is in repair")
