"""The application answers, and shows nothing to strangers."""

from typing import Any


def test_a_stranger_is_led_to_the_login_and_health_answers(app: Any) -> None:
    client = app.test_client()
    assert client.get("/health").json == {"status": "ok"}
    assert client.get("/loan/list/").headers["Location"].startswith("/login/")
    assert client.get("/api/v1/loan/").status_code == 401
