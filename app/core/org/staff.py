"""Departments, teams and positions."""

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Name

_WHY = "names of units and posts, needed to choose colleagues"


class Department(Entity):
    """A department such as collection or audit."""

    __scope__ = Scope.shared(_WHY)

    name: Mapped[Name] = mapped_column(unique=True)

    __screen__ = Screen(
        help=_(
            "Departments such as collection or audit. Teams belong to them, and a data grant can open the records of all "
            "teams of a department. One that is named by a team or grant cannot be deleted."
        ),
        menu=_("Organisation"), title=_("Departments"), icon="building", list="name",
        form={_("Department"): "name"}, search="name", order="name",
    )  # fmt: skip


class Team(Entity):
    """People who work together; a data grant on the team shows its leader the records of all members."""

    __scope__ = Scope.shared(_WHY)

    name: Mapped[Name] = mapped_column(unique=True)
    department_id: Mapped[int | None] = link("department")

    __screen__ = Screen(
        help=_(
            "People who work together. A grant on the team shows its leader the records of all members; tasks can be given "
            "to a team, and anybody of it takes them. Members are chosen on the page of each user."
        ),
        menu=_("Organisation"), title=_("Teams"), icon="users-group", list="name department",
        form={_("Team"): "name department"}, search="name", order="name",
    )  # fmt: skip


class Position(Entity):
    """A post: manager, phone collector, auditor."""

    __scope__ = Scope.shared(_WHY)

    name: Mapped[Name] = mapped_column(unique=True)

    __screen__ = Screen(
        help=_(
            "What people are employed as. A position only describes: what somebody may do is said by his role, what he may "
            "see by his data grants."
        ),
        menu=_("Organisation"), title=_("Positions"), icon="id-badge", list="name",
        form={_("Position"): "name"}, search="name", order="name",
    )  # fmt: skip
