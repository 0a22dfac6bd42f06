"""The organisation: who works here, where, and which data each may see."""

import app.core.org.moves
import app.core.org.words  # noqa: F401  codes in words
from app.core.org.access import AuditEvent, DataGrant, GrantKind, Role, User, UserKind
from app.core.org.custom import CustomChoice, CustomField, CustomKind
from app.core.org.places import Branch, Region, RegionLevel
from app.core.org.records import FileJob, History, JobRun, JobState
from app.core.org.repeats import IdempotentRequest
from app.core.org.setup import Holiday, Setting
from app.core.org.staff import Department, Position, Team
from app.core.org.views import SavedView, Selection, ViewStart

__all__ = [
    "AuditEvent", "Branch", "CustomChoice", "CustomField", "CustomKind", "DataGrant", "Department", "FileJob",
    "GrantKind", "History", "Holiday", "IdempotentRequest", "JobRun", "JobState", "Position", "Region",
    "RegionLevel", "Role", "SavedView", "Selection", "Setting", "Team", "User", "UserKind", "ViewStart",
]  # fmt: skip
