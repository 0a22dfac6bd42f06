"""What the clockwork starts and how often, in seconds. It only enqueues; a start that was not taken expires."""

from typing import Any


def _every(task: str, seconds: int) -> dict[str, Any]:
    return {"task": f"tasks.{task}", "schedule": seconds, "options": {"expires": seconds}}


BEAT: dict[str, dict[str, Any]] = {
    "send": _every("dispatch.send", 5),
    "tell": _every("dispatch.tell", 5),
    "follow-rules": _every("dispatch.follow_rules", 5),
    "notifications": _every("dispatch.notify", 5),
    "mail": _every("dispatch.mail", 20),
    "import": _every("imports.run_waiting", 5),
    "export": _every("exports.make_waiting", 5),
    "bulk": _every("bulk.run_waiting", 5),
    "upload": _every("uploads.run_waiting", 5),
    "requested-nights": _every("clockwork.run_requested", 5),
    "next-day": _every("clockwork.follow_the_clock", 300),
    "seal": _every("sealing.seal", 60),
    "index-custom-fields": _every("custom.index", 60),
    "clear-away": _every("housekeeping.clear_away", 3600),
}
