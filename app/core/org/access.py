"""Users, what data each may see, and the record of what was looked at or taken away."""

from typing import Any, ClassVar

from flask_appbuilder.security.sqla.models import Role as FabRole, User as FabUser
from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, BigInteger, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import codes, db, file_names, registry
from app.core.entity import Entity, link
from app.core.org.places import Branch, Region
from app.core.org.staff import Position, Team
from app.core.scope import Scope
from app.core.screen import Screen, When
from app.core.types import Choice, Code, CreatedAt, Digest, Json, Line, Phone, Text, WrittenIn, choice


class UserKind(Choice):
    """Staff of the lender, or a partner outside it who only reads."""

    STAFF = "staff", _("Staff"), "blue"
    PARTNER = "partner", _("Partner"), "orange"


# A password hash is read only where it is checked, and scope roles have no right to the column. The class is
# Flask-AppBuilder's, so its column is made deferred before the mappers are configured.
_password = FabUser.__mapper__._props["password"]  # noqa: SLF001
_password.deferred = True
_password.strategy_key = (("deferred", True), ("instrument", True))
FabUser.__table__.c.email.info["is_filled"] = True
for _part in ("first_name", "last_name"):
    # a name may stand in one field; the rules of the form see to it that there is one
    FabUser.__table__.c[_part].info["empty"] = ""
FabRole.__table__.c.name.info["said"] = "standard_role"


class AppRole(FabRole):
    """What its holders may do: a named list of permissions, changed on the role's page."""

    __tablename__ = "ab_role"
    __scope__: ClassVar[Scope] = Scope.shared("names of roles")
    __history__: ClassVar[bool] = True
    __screen__: ClassVar[Screen] = Screen(
        help=_(
            "What people may do: a named list of permissions, changed on the role's page. Each user has exactly one role; "
            "what he may see is said by his data grants. A change counts at once for all who hold the role."
        ),
        guide="roles-and-scope",
        menu=_("Security"), title=_("Roles"), icon="shield", list="name", form={_("Role"): "name"}, search="name",
        order="name", tabs="user", operations="add edit",
    )  # fmt: skip

    @classmethod
    def slug(cls) -> str:
        return "role"

    def __str__(self) -> str:
        return codes.say("standard_role", str(self.name))


registry.register_entity(AppRole)


class AppUser(FabUser):
    """A person with a login. He has exactly one role (what he may do) and data grants (what he may see)."""

    __tablename__ = "ab_user"
    __scope__: ClassVar[Scope] = Scope.shared(
        "names of colleagues stand on every record; logins are for administrators"
    )
    __history__: ClassVar[bool] = True

    kind: Mapped[UserKind] = choice(UserKind, default=UserKind.STAFF)
    number: Mapped[Code | None] = mapped_column(unique=True)
    language: Mapped[str] = mapped_column(
        String(10), default="en", server_default="en", info={"kind": "code", "words": "language"}
    )
    phone: Mapped[Phone | None]
    names_in_files: Mapped[Text | None]
    role_id: Mapped[int | None] = link("role")
    """His one role. Flask-AppBuilder's list of roles is not used: it would allow several."""
    branch_id: Mapped[int | None] = link("branch")
    region_id: Mapped[int | None] = link("region")
    team_id: Mapped[int | None] = link("team")
    position_id: Mapped[int | None] = link("position")
    session_stamp: Mapped[Digest] = mapped_column(
        deferred=True, server_default=text("uuid_send(gen_random_uuid())"), sort_order=1
    )
    """Stands in each of his cookies and tokens; a logout or a new password changes it, and they are dead."""
    custom: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), info={"kind": "custom"}, sort_order=2
    )
    role: Mapped["AppRole | None"] = relationship("AppRole", foreign_keys=[role_id])
    branch: Mapped["Branch | None"] = relationship("Branch", foreign_keys=[branch_id])
    region: Mapped["Region | None"] = relationship("Region", foreign_keys=[region_id])
    team: Mapped["Team | None"] = relationship("Team", foreign_keys=[team_id])
    position: Mapped["Position | None"] = relationship("Position", foreign_keys=[position_id])

    __screen__: ClassVar[Screen] = Screen(
        help=_(
            "People with a login. A new user needs three things: a role, a data grant and a password, which is set on his "
            "page afterwards. Close a login instead of deleting it: his name stays on what he did."
        ),
        guide="roles-and-scope",
        menu=_("Security"), title=_("Users"), icon="users",
        list="username first_name last_name role kind branch team active last_login",
        form={_("Person"): "first_name last_name names_in_files number email phone language",
              _("Login"): "username role kind", _("Place"): "branch region team position"},
        show={_("Person"): "first_name last_name names_in_files number email phone language",
              _("Login"): "username role kind active last_login login_count fail_login_count",
              _("Place"): "branch region team position"},
        filters="username last_name email role kind branch region team active",
        search="username last_name first_name email", order="username", operations="add edit", tabs="absence",
        labels={"active": _("Active"), "number": _("Employee number"), "last_login": _("Last login"), "email": _("E-mail")},
        hints={"username": _("The name he logs in with; a password is set on his page afterwards"), "names_in_files": file_names.HINT},
    )  # fmt: skip

    @classmethod
    def slug(cls) -> str:
        return "user"

    @classmethod
    def column_info(cls, name: str) -> dict[str, Any]:
        return dict(cls.__table__.c[name].info)

    def get_id(self) -> str:
        """What a cookie says of him: his id and the stamp that it is good for."""
        return f"{self.id}.{self.session_stamp.hex()}"

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    __repr__ = __str__


registry.register_entity(AppUser)
User = AppUser
Role = AppRole


class GrantKind(Choice):
    """What a data grant opens."""

    ALL = "all", _("Everything"), "red"
    BRANCH = "branch", _("Branch and below"), "blue"
    OWN = "own", _("Own records"), "green"
    TEAM = "team", _("Team"), "teal"
    REGION = "region", _("Territory (read only)"), "orange"
    CLIENT = "client", _("Client's portfolio"), "purple"


class DataGrant(Entity):
    """One piece of data a user may see; several add up, none means he sees nothing."""

    __scope__ = Scope.house("decides who sees what")

    user_id: Mapped[int] = link("user", ondelete="CASCADE")
    kind: Mapped[GrantKind] = choice(GrantKind)
    branch_id: Mapped[int | None] = link("branch")
    region_id: Mapped[int | None] = link("region")
    team_id: Mapped[int | None] = link("team")
    department_id: Mapped[int | None] = link("department")
    client_id: Mapped[int | None] = link("client")
    product_kinds: Mapped[list[str] | None] = mapped_column(
        ARRAY(String(30)), info={"kind": "codes", "said": "product_kind"}
    )
    """Limits a territory grant to these kinds of product; empty means all."""

    __screen__ = Screen(
        help=_(
            "Which rows a user may see: everything, a branch with all below it, his own, his team's, a territory to read, "
            "or one client's portfolio. Several grants of a user add up; without one he sees nothing. A change counts from "
            "his next click."
        ),
        guide="roles-and-scope",
        menu=_("Security"), title=_("Data grants"), icon="key",
        list="user kind branch region team department client product_kinds",
        form={_("Grant"): "user kind branch region team department client product_kinds"},
        search="user.username", filters="user kind branch region team client", tabs="",
        only_if={
            "branch": When("kind", "branch", is_needed=True), "region": When("kind", "region", is_needed=True),
            "team": When("kind", "team"), "department": When("kind", "team"),
            "client": When("kind", "client", is_needed=True), "product_kinds": When("kind", "region"),
        },
    )  # fmt: skip


class AuditEvent(Entity):
    """What was seen or taken: logins, reveals of personal data, exports, prints, playback."""

    __scope__ = Scope.house("kept for auditors")
    __history__ = False
    __append_only__ = True
    __table_args__ = (
        Index("ix_audit_event_row", "entity", "row_id", postgresql_where=text("row_id IS NOT NULL")),
        Index(
            "ix_audit_event_written_in",
            "written_in",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
    )

    at: Mapped[CreatedAt] = mapped_column(index=True)
    user_id: Mapped[int | None] = link("user")
    kind: Mapped[Code] = mapped_column(info={"words": "audit_kind"})
    entity: Mapped[Code | None] = mapped_column(info={"words": "entity"})
    row_id: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "number", "of": "entity"})
    about: Mapped[Line | None] = mapped_column(info={"said": "audit_about"})
    details: Mapped[Json] = mapped_column(info={"of": "entity"})
    source: Mapped[Code] = mapped_column(
        default=db.source.get, server_default="system", info={"words": "history_source"}
    )
    network_address: Mapped[Code | None] = mapped_column(default=db.network_address.get)
    """Where the request came from; empty for what a job did."""
    written_in: Mapped[WrittenIn]

    __screen__ = Screen(
        help=_(
            "Who signed in, who was shown personal data in full, who printed a page or took rows away in a file. Entries are "
            "written by the platform, sealed, and can be neither changed nor deleted. Look here first when data may have got "
            "out."
        ),
        guide="audit-and-erasing",
        menu=_("Audit"), title=_("Access log"), icon="eye", list="at user kind entity row_id about source network_address",
        show={_("Event"): "at user kind entity row_id about details source network_address"}, search="about", order="-id",
        operations="", labels={"row": _("Record")},
    )  # fmt: skip
