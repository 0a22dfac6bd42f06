"""Custom fields of every kind on an entity of one class, added on the screen: at each door what the class's own are."""

import io

import openpyxl
import pytest

from tests.platform.yard import Yard
from tests.web.people import rows, stored
from tests.web.sent import check, counts, send, store
from tests.web.test_attachments import PNG

KINDS = {
    "nick": {"kind": "text", "label_en": "Nickname", "is_searched": "y"}, "story": {"kind": "longtext", "label_en": "Story"},
    "axles": {"kind": "number", "label_en": "Axles"}, "tax": {"kind": "money", "label_en": "Tax"},
    "seen_on": {"kind": "date", "label_en": "Seen on"}, "body": {"kind": "choice", "label_en": "Body"},
    "mechanic": {"kind": "link", "label_en": "Mechanic", "target": "user"}, "is_loud": {"kind": "bool", "label_en": "Loud"},
    "deed": {"kind": "file", "label_en": "Deed"}, "phrase": {"kind": "text", "label_en": "Phrase", "is_personal": "y"},
}  # fmt: skip
COLUMNS = "plate.c_nick.c_axles.c_tax.c_seen_on.c_body.c_mechanic.c_is_loud.c_deed"


@pytest.fixture(scope="session")
def fields(yard: Yard) -> None:
    """The fields, as an administrator adds them."""
    for place, (code, said) in enumerate(KINDS.items()):
        answer = yard.admin.post(
            "/custom_field/add", {"entity": "lorry", "code": code, "position": str(place), **said}
        )
        assert answer.status_code == 302, answer.text
    [body] = rows("custom_field", entity="lorry", code="body")
    for code, label in (("box", "Box"), ("flat", "Flat")):
        said = {"field_id": body.id, "code": code, "label_en": label, "colour": "green", "position": "0"}
        assert yard.admin.post("/custom_choice/add", said).status_code == 302


@pytest.fixture
def filled(yard: Yard, fields: None, request: pytest.FixtureRequest) -> int:
    """A lorry of olga's whose form was filled in."""
    plate = f"CF-{request.node.name[5:40]}"
    said = {
        **yard.said(plate), "c_nick": f"Nick {plate}", "c_story": "Long ago", "c_axles": "3", "c_tax": "1,500.50", "c_seen_on": "2018-06-01",
        "c_body": "box", "c_mechanic": yard.users["otto"], "c_is_loud": "y", "c_deed": (io.BytesIO(PNG), "deed.png"), "c_phrase": "Secret",
    }  # fmt: skip
    answer = yard.browser("olga").post("/lorry/add", said)
    assert answer.status_code == 302, answer.text
    return int(rows("lorry", plate=plate)[0].id)


def test_the_form_stores_each_kind_as_what_it_is_and_the_record_shows_it(yard: Yard, filled: int) -> None:
    kept = dict(stored("lorry", filled).custom)
    deed = kept.pop("deed")
    nick = kept.pop("nick")
    assert (nick.startswith("Nick CF-"), deed["name"], deed["type"]) == (True, "deed.png", "image/png")
    assert kept == {
        "story": "Long ago", "axles": "3", "tax": "1500.50", "seen_on": "2018-06-01", "body": "box",
        "mechanic": yard.users["otto"], "is_loud": True, "phrase": "Secret",
    }  # fmt: skip
    page = yard.browser("olga").get(f"/lorry/show/{filled}").text
    for text in (nick, "Long ago", "1,500.50", "Jun 1, 2018", "Box", "Otto Test", "deed.png", "Secret"):
        assert text in page, text
    assert f"/field_file/{deed['id']}/preview" in page
    assert yard.browser("olga").get(f"/field_file/{deed['id']}/preview", buffered=True).data == PNG
    assert yard.browser("sven").get(f"/field_file/{deed['id']}/preview", buffered=True).status_code == 404


def test_lists_filter_sort_search_and_export_by_each(yard: Yard, filled: int) -> None:
    plate = stored("lorry", filled).plate
    program, only = yard.caller("admin"), f"plate={plate}"
    for query, is_found in (
        ("c_nick__contains=nick", True), ("c_story__contains=ago", True), ("c_axles__gt=3", False), ("c_tax=1500.5", True),
        ("c_seen_on=last-30-days", True), ("c_body__in=flat,box", True), (f"c_mechanic={yard.users['otto']}", True),
        ("c_mechanic.username=olga", False), ("c_is_loud=yes", True), ("c_deed__null=no", True), ("any1.c_axles=9&any1.c_body=box", True),
        (f"q=Nick+{plate}", True),
    ):  # fmt: skip
        answer = program.call("GET", f"lorry/?{only}&{query}")
        assert (answer.status_code, bool(answer.json["result"])) == (200, is_found), query
    for order in ("c_nick", "-c_axles", "c_tax", "-c_seen_on", "c_body", "c_is_loud"):
        assert program.call("GET", f"lorry/?{only}&sort={order}").json["count"] == 1, order
    assert all(
        text in yard.admin.get(f"/lorry/list/?{only}&cols={COLUMNS}").text
        for text in ("Box", "deed.png", "Otto Test")
    )
    with yard.admin.get(f"/lorry/export.xlsx?{only}&cols={COLUMNS}") as file:
        sheet = list(openpyxl.load_workbook(io.BytesIO(file.data)).worksheets[0].iter_rows(values_only=True))
    assert sheet[0] == ("Plate", "Nickname", "Axles", "Tax", "Seen on", "Body", "Mechanic", "Loud", "Deed")
    day = str(sheet[1][4])[:10]
    assert (sheet[1][2:4], day, sheet[1][5:]) == (
        (3, 1500.5),
        "2018-06-01",
        ("Box", "Otto Test", True, "deed.png"),
    )


def test_programs_files_and_many_rows_write_them(yard: Yard, filled: int) -> None:
    plate, program = stored("lorry", filled).plate, yard.caller("olga")
    read = program.call(
        "GET", f"lorry/{filled}?fields=c_axles,c_tax,c_body,c_mechanic,c_is_loud,c_deed"
    ).json["result"]
    assert (read["c_axles"], read["c_tax"], read["c_body"], read["c_is_loud"]) == (3, "1500.50", "box", True)
    assert (read["c_mechanic"]["id"], read["c_deed"]["name"]) == (yard.users["otto"], "deed.png")
    assert program.call("PATCH", f"lorry/{filled}", {"c_body": "flat", "c_axles": None}).status_code == 200
    refused = program.call(
        "PATCH", f"lorry/{filled}", {"c_body": "round", "c_tax": "1e40", "c_mechanic": 10**9}
    )
    assert set(refused.json["errors"]) == {"c_body", "c_tax", "c_mechanic"}
    url = send(
        yard,
        "lorry",
        f"Plate;Axles;Tax;Seen on;Body;Mechanic;Loud\n{plate};4;7,25;03.06.2018;Box;Otto Test;no\n",
        "olga",
    )
    tried = check(yard, url, "olga", **{"u-mode": "update", "u-mark-2": ","})
    assert counts(tried) == ("checked", 0, 1, 0, 0), [
        line.reasons for line in rows("upload_row", upload_id=tried.id)
    ]
    store(yard, url, "1", "olga")
    held = stored("lorry", filled).custom
    assert {code: held.get(code) for code in ("axles", "tax", "seen_on", "body", "is_loud")} == {
        "axles": "4", "tax": "7.25", "seen_on": "2018-06-03", "body": "box", "is_loud": None,
    }  # fmt: skip
    said = {"__run": "1", "ids": [filled], "_change": ["c_axles"], "c_axles": "6"}
    assert yard.browser("olga").post("/lorry/change", said).status_code == 302
    assert stored("lorry", filled).custom["axles"] == "6"
    assert "box | flat" in yard.admin.get("/reference/lorry").text


def test_a_chart_and_a_built_report_count_by_them(yard: Yard, filled: int) -> None:
    told = yard.admin.get("/lorry/chart/c_body?data=1").json
    boxes = [one for one in rows("lorry") if (one.custom or {}).get("body") == "box"]
    assert told["series"][0]["data"][told["x"].index("Box")] == len(boxes) > 0
    page = yard.admin.get("/user_report/build/lorry?_row=c_body&_col=c_is_loud&_m=count&_m=c_tax__sum").text
    assert ("Box" in page, "Tax: sum" in page) == (True, True)
    assert (
        yard.admin.get(
            "/user_report/build/lorry?_row=c_seen_on&_row_by=month&_row2=c_mechanic&_m=c_axles__avg"
        ).status_code
        == 200
    )


def test_the_history_tells_each_in_words_and_the_personal_one_to_who_may_read_it(
    yard: Yard, filled: int
) -> None:
    program = yard.caller("olga")
    program.call(
        "PATCH", f"lorry/{filled}", {"c_body": "flat", "c_mechanic": yard.users["olga"], "c_phrase": "Other"}
    )
    kept = rows("history", entity="lorry", row_id=filled)[-1]
    assert kept.changes == {
        "c_body": ["box", "flat"], "c_mechanic": [yard.users["otto"], yard.users["olga"]], "c_phrase": ["Secret", "Other"],
    }  # fmt: skip
    page = yard.admin.get(f"/history/list/?entity=lorry&row_id={filled}").text
    assert ("Body: Box → Flat" in page, "Mechanic: Otto Test → Olga Test" in page) == (True, True)
