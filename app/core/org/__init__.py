"""The organisation: who works here, where, and which data each may see."""

import app.core.org.moves
import app.core.org.words  # noqa: F401  codes in words
from app.core.org.absences import Absence
from app.core.org.access import AuditEvent, DataGrant, GrantKind, Role, User, UserKind
from app.core.org.announcements import Announcement
from app.core.org.approvals import ApprovalRequest, ApprovalRoute, RequestState
from app.core.org.changes import BulkJob
from app.core.org.custom import CustomChoice, CustomField, CustomKind
from app.core.org.notifications import (
    MailState,
    Notification,
    NotificationChoice,
    NotificationKind,
    NotificationWay,
)
from app.core.org.outlines import RegionOutline
from app.core.org.places import Branch, Region, RegionLevel
from app.core.org.records import AuditSeal, FileJob, History, JobRun, JobState
from app.core.org.remarks import Attachment, Comment, Favourite, FieldFile, Following, Mention, RecentRecord
from app.core.org.repeats import IdempotentRequest
from app.core.org.reports import HomeTile, ReportSending, TileKind, UserReport
from app.core.org.rules import FiringState, Rule, RuleEvent, RuleFiring, RuleVersion
from app.core.org.setup import Holiday, Setting
from app.core.org.staff import Department, Position, Team
from app.core.org.tasks import Task, TaskState
from app.core.org.tokens import ApiToken
from app.core.org.uploads import RowState, Upload, UploadLayout, UploadRow, UploadState
from app.core.org.views import SavedView, Selection, ViewStart
from app.core.org.webhooks import Webhook, WebhookDelivery

__all__ = [
    "Absence",
    "Announcement",
    "ApiToken",
    "ApprovalRequest",
    "ApprovalRoute",
    "Attachment",
    "AuditEvent",
    "AuditSeal",
    "Branch",
    "BulkJob",
    "Comment",
    "CustomChoice",
    "CustomField",
    "CustomKind",
    "DataGrant",
    "Department",
    "Favourite",
    "FieldFile",
    "FileJob",
    "FiringState",
    "Following",
    "GrantKind",
    "History",
    "Holiday",
    "HomeTile",
    "IdempotentRequest",
    "JobRun",
    "JobState",
    "MailState",
    "Mention",
    "Notification",
    "NotificationChoice",
    "NotificationKind",
    "NotificationWay",
    "Position",
    "RecentRecord",
    "Region",
    "RegionLevel",
    "RegionOutline",
    "ReportSending",
    "RequestState",
    "Role",
    "RowState",
    "Rule",
    "RuleEvent",
    "RuleFiring",
    "RuleVersion",
    "SavedView",
    "Selection",
    "Setting",
    "Task",
    "TaskState",
    "Team",
    "TileKind",
    "Upload",
    "UploadLayout",
    "UploadRow",
    "UploadState",
    "User",
    "UserKind",
    "UserReport",
    "ViewStart",
    "Webhook",
    "WebhookDelivery",
]  # fmt: skip
