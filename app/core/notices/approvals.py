"""Who is told of a request for approval: those whose turn it is, those to whom it is passed on, and whoever asked, of what became of it."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.core.org import ApprovalRequest, Notification, NotificationKind

NEW, LATE, REFUSED, DONE, FAILED = "new", "late", "refused", "done", "failed"
"""What a notification says of the request; that it is new the triggers note (`app.core.notice_work`)."""


def tell(
    session: Session,
    request: ApprovalRequest,
    receivers: Iterable[int],
    about: str,
    actor_id: int | None = None,
) -> None:
    """Note it within the running transaction; whether each sees the record and wants to know is asked afterwards."""
    session.add_all(
        Notification(
            user_id=one, kind=NotificationKind.APPROVAL, entity=ApprovalRequest.slug(), row_id=request.id,
            about=about, actor_id=actor_id,
        )
        for one in sorted(set(receivers))
    )  # fmt: skip
