"""What is typed into forms and sent to the REST API: brought to its form, completed, or refused beside its field."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core import clock
from tests.operations.desk import Desk
from tests.web.people import rows, stored

CUSTOMER = {"kind": "person", "status": "active", "language": "en"}
TEMPLATE = {"channel": "sms", "kind": "manual", "language": "en", "text": "Dear {customer_name}"}


def id_in(answer: Any) -> int:
    """The id of the record to which a form leads after saving."""
    assert answer.status_code == 302, answer.text
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def refusal(page: str, name: str) -> str:
    """What stands beside a field."""
    start = page.find(f'id="error-{name}"')
    assert start >= 0, f"nothing is said beside {name}"
    return page[start : page.index("</p>", start)]


def customer(desk: Desk, name: str, **columns: str) -> int:
    """A customer typed by the administrator."""
    return id_in(
        desk.browser("admin").post(
            "/customer/add", {**CUSTOMER, "client_id": desk.client, "name": name, **columns}
        )
    )


def test_a_telephone_number_is_stored_in_one_form_whoever_wrote_it(desk: Desk) -> None:
    person = customer(desk, "Wang")
    made = desk.browser("admin").post(
        "/phone/add", {"customer_id": person, "number": "138 0013-8000", "kind": "mobile", "state": "unknown"}
    )
    assert stored("phone", id_in(made)).number == "+8613800138000"
    called = desk.caller("admin").call("POST", "phone/", {"customer": person, "number": "+380 67 111 22 33"})
    assert called.status_code == 201
    assert stored("phone", called.json["result"]["id"]).number == "+380671112233"


@pytest.mark.parametrize(
    "number, reason",
    [("12", "not in use"), ("call me", "is not a telephone number"), ("+8613800138000 ext. 5", "extension")],
)
def test_what_is_no_telephone_number_is_refused_beside_its_field(
    desk: Desk, number: str, reason: str
) -> None:
    person = customer(desk, "Li")
    answer = desk.browser("admin").post(
        "/phone/add", {"customer_id": person, "number": number, "kind": "mobile", "state": "unknown"}
    )
    assert answer.status_code == 422
    assert reason in refusal(answer.text, "number")
    called = desk.caller("admin").call("POST", "phone/", {"customer": person, "number": number})
    assert called.status_code == 422
    assert reason in called.json["errors"]["number"][0]
    assert rows("phone", customer_id=person) == []


def test_the_number_that_becomes_primary_takes_the_place_of_the_other(desk: Desk) -> None:
    person, admin = customer(desk, "Zhao"), desk.browser("admin")
    common = {"customer_id": person, "kind": "mobile", "state": "unknown"}
    first = id_in(admin.post("/phone/add", {**common, "number": "13800138001", "is_primary": "y"}))
    second = id_in(admin.post("/phone/add", {**common, "number": "13800138002", "is_primary": "y"}))
    assert (stored("phone", first).is_primary, stored("phone", second).is_primary) == (False, True)
    admin.post(f"/phone/edit/{first}", {**common, "number": "+8613800138001", "is_primary": "y"})
    assert (stored("phone", first).is_primary, stored("phone", second).is_primary) == (True, False)
    desk.caller("admin").call("PUT", f"phone/{second}", {"is_primary": True})
    assert (stored("phone", first).is_primary, stored("phone", second).is_primary) == (False, True)


def test_a_second_row_of_the_same_number_is_refused_beside_the_number(desk: Desk) -> None:
    person, admin = customer(desk, "Sun"), desk.browser("admin")
    given = {"customer_id": person, "kind": "mobile", "state": "unknown", "number": "13800138003"}
    admin.post("/phone/add", given)
    answer = admin.post("/phone/add", given)
    assert answer.status_code == 422
    assert "one like this already" in refusal(answer.text, "number")


def test_codes_are_read_in_words_on_lists_records_and_in_filters(desk: Desk) -> None:
    person = customer(desk, "Feng", language="zh_Hans")
    admin = desk.browser("admin")
    assert "简体中文" in admin.get("/customer/list/?q=Feng&cols=name.language&partial=1").text
    assert stored("customer", person).language == "zh_Hans"
    assert desk.caller("admin").call("GET", f"customer/{person}").json["result"]["language"] == "zh_Hans"


def test_a_note_is_of_its_writer_and_of_this_moment(desk: Desk) -> None:
    person = customer(desk, "Chen")
    made = id_in(
        desk.browser("admin").post(
            "/contact_note/add", {"customer_id": person, "way": "phone", "text": "Promised to pay"}
        )
    )
    note = stored("contact_note", made)
    assert note.author_id == desk.users["admin"]
    assert abs(note.at - clock.now()) < timedelta(minutes=1)
    earlier = desk.caller("admin").call(
        "POST", "contact_note/", {"customer": person, "text": "Met", "at": "2018-06-20T10:00"}
    )
    assert stored("contact_note", earlier.json["result"]["id"]).at == datetime(2018, 6, 20, 2, tzinfo=UTC)
    ahead = desk.caller("admin").call(
        "POST", "contact_note/", {"customer": person, "text": "Met", "at": "2218-06-20T10:00"}
    )
    assert "not taken place yet" in ahead.json["errors"]["at"][0]


@pytest.mark.parametrize(
    "changed, field, reason",
    [
        ({"text": "Dear {custmer_name}"}, "text", "did you mean {customer_name}"),
        ({"text": "Pay {due_amount"}, "text", "never closed"),
        ({"send_times": "9am"}, "send_times", "is no time of day"),
        ({"send_times": "09:00 25:00"}, "send_times", "25:00 is no time of day"),
        ({"kind": "advance"}, "days_before", "how many days before"),
        ({"kind": "advance", "days_before": "-1"}, "days_before", "At least 0"),
        ({"kind": "timed"}, "max_days_overdue", "how many days past due"),
        ({"language": ""}, "language", "Needed"),
    ],
)
def test_a_template_that_could_not_be_used_is_refused_in_words(
    desk: Desk, changed: dict[str, str], field: str, reason: str
) -> None:
    answer = desk.browser("admin").post("/message_template/add", {**TEMPLATE, "name": "Wrong", **changed})
    assert answer.status_code == 422
    assert reason in refusal(answer.text, field).replace("&#39;", "'")
    assert rows("message_template", name="Wrong") == []


def test_a_template_is_stored_with_its_times_in_order_and_shown_as_it_will_read(desk: Desk) -> None:
    given = {
        "name": "Late",
        "kind": "timed",
        "max_days_overdue": "30",
        "send_times": "18:30, 9:00 09:00",
        "text": "Сплатіть {due_amount} до {due_date}",
        "language": "uk",
    }
    made = id_in(desk.browser("admin").post("/message_template/add", {**TEMPLATE, **given}))
    assert stored("message_template", made).send_times == "09:00 18:30"
    page = desk.browser("admin").get(f"/message_template/show/{made}").text
    assert "Сплатіть 1\u00a0234,56 до 25.06.2018" in page
    assert "31 characters, 39 more fit in" in page


@pytest.mark.parametrize(
    "changed, field, reason",
    [
        ({"currency": "YUAN"}, "currency", "is no currency"),
        ({"currency": "XQQ"}, "currency", "is no currency"),
        ({"country": "ZZ"}, "country", "Not a valid choice"),
        ({"zone": "China"}, "zone", "is no time zone"),
    ],
)
def test_a_client_has_a_currency_a_country_and_a_zone_that_exist(
    desk: Desk, changed: dict[str, str], field: str, reason: str
) -> None:
    good = {
        "code": "new",
        "name": "New",
        "currency": "uah",
        "country": "UA",
        "zone": "Europe/Kyiv",
        "language": "uk",
        "contact_pack": "UA",
    }
    answer = desk.browser("admin").post("/client/add", {**good, **changed})
    assert answer.status_code == 422
    assert reason in refusal(answer.text, field)
    assert rows("client", code="new") == []


def test_a_currency_is_stored_in_capitals(desk: Desk) -> None:
    good = {
        "code": "kyiv",
        "name": "Kyiv",
        "currency": "uah",
        "country": "UA",
        "zone": "Europe/Kyiv",
        "language": "uk",
        "contact_pack": "UA",
    }
    made = rows("client", id=id_in(desk.browser("admin").post("/client/add", good)))[0]
    assert (made.currency, made.country, made.contact_pack) == ("UAH", "UA", "UA")
    assert "Ukraine" in desk.browser("admin").get(f"/client/show/{made.id}").text


def test_a_bucket_begins_on_a_day_and_has_a_colour_of_the_theme(desk: Desk) -> None:
    answer = desk.browser("admin").post(
        "/bucket/add", {"code": "b", "name": "B", "from_days": "-1", "colour": "red"}
    )
    assert "At least 0" in refusal(answer.text, "from_days")
    answer = desk.browser("admin").post(
        "/bucket/add", {"code": "b", "name": "B", "from_days": "31", "colour": "red"}
    )
    assert "one like this already" in refusal(answer.text, "from_days")
    answer = desk.browser("admin").post(
        "/bucket/add", {"code": "b", "name": "B", "from_days": "400", "colour": "mauve"}
    )
    assert refusal(answer.text, "colour")
    assert rows("bucket", code="b") == []


def test_a_setting_keeps_its_name_and_takes_only_what_the_program_understands(desk: Desk) -> None:
    [setting] = rows("setting", name="business_date")
    admin, path = desk.browser("admin"), f"/setting/edit/{setting.id}"
    assert "Write the day as" in refusal(
        admin.post(path, {"name": "business_date", "value": "tomorrow"}).text, "value"
    )
    for odd in ("20180625", "2018-W26-1"):
        answer = admin.post(path, {"name": "business_date", "value": odd})
        assert "Write the day as" in refusal(answer.text, "value")
    for year in ("0001", "1969", "2200", "9999"):
        answer = admin.post(path, {"name": "business_date", "value": f"{year}-12-31"})
        assert "lies in the years 1970 to 2199" in refusal(answer.text, "value")
    assert "cannot be changed" in refusal(
        admin.post(path, {"name": "other", "value": "2018-06-25"}).text, "name"
    )
    assert stored("setting", setting.id).value == "2018-06-25"
    for day in ("", "2018-06-25"):
        assert admin.post(path, {"name": "business_date", "value": day}).status_code == 302
        assert stored("setting", setting.id).value == day
    for other in ("zone", "country", "attachment_mb"):
        [known] = rows("setting", name=other)
        answer = admin.post(f"/setting/edit/{known.id}", {"name": other, "value": ""})
        assert "Needed" in refusal(answer.text, "value")
        assert stored("setting", known.id).value == known.value
