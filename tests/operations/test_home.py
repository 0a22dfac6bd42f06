"""Home: a figure and the table beside it are about the same rows."""

from datetime import timedelta

from tests.operations.desk import DAY, Desk
from tests.operations.test_message_verbs import message


def test_the_agent_sees_refusals_of_the_day_alone_counted_and_listed(desk: Desk) -> None:
    old = message(desk, "refused", reason="outside_hours", business_on=DAY - timedelta(days=1))
    new = message(desk, "refused", reason="outside_hours", business_on=DAY)
    page = desk.browser("agent").get("/home/").text
    assert f"/message/show/{new}" in page
    assert f"/message/show/{old}" not in page
    all_of_them = "/message/list/?state=refused&amp;business_on__ge=2018-06-25"
    assert page.count(all_of_them) == 2, "the figure and the table lead to the same rows"
