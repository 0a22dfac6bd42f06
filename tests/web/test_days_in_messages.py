"""Days in what people are told are written as their language writes them."""

from datetime import date
from io import BytesIO

from flask_babel import force_locale, lazy_gettext, lazy_pgettext
from openpyxl import load_workbook

from app.core import i18n
from app.core.errors import RuleError
from tests.web.people import add
from tests.web.shop import Shop

SENTENCE = "The day is after the business date (%(day)s)"


def test_a_refusal_names_its_day_as_the_reader_writes_it(shop: Shop) -> None:
    error = RuleError(lazy_gettext(SENTENCE, day=date(2018, 6, 25)))
    assert "2018-06-25" in str(error), "nobody reads: the command line"
    with shop.app.test_request_context():
        for language, told in (("en", "Jun 25, 2018"), ("uk", "25 черв. 2018"), ("zh_Hans", "2018/6/25")):
            with force_locale(language):
                assert told in str(error)


def test_a_kept_reason_is_told_with_the_day_of_its_reader(shop: Shop) -> None:
    kept = i18n.kept(lazy_gettext(SENTENCE, day=date(2018, 6, 25)))
    assert kept["values"] == {"day": "2018-06-25"}
    with shop.app.test_request_context(), force_locale("uk"):
        assert "25 черв. 2018" in i18n.told(kept)
        assert i18n.told({"text": "Rows: %(n)s", "values": {"n": "2018-99-99"}}).endswith("2018-99-99")


def test_a_sentence_within_a_kept_one_is_told_in_the_language_of_its_reader(shop: Shop) -> None:
    state = lazy_pgettext("message", "Failed")
    sentence = lazy_gettext("Only a queued message can be cancelled; this one is: %(state)s", state=state)
    with shop.app.test_request_context(), force_locale("uk"):
        kept = i18n.kept(i18n.Placed((lazy_gettext("row %(number)s", number=7),), sentence))
        ukrainian = i18n.told(kept)
        assert ukrainian.startswith("Рядок 7: ")
        assert ukrainian.endswith(str(state))
    in_english = "Row 7: Only a queued message can be cancelled; this one is: Failed"
    assert kept["reason"] == in_english
    with shop.app.test_request_context(), force_locale("en"):
        assert i18n.told(kept) == in_english


def test_a_day_that_a_refused_row_holds_stands_in_the_workbook_as_on_the_screen(shop: Shop) -> None:
    layout = add("import_layout", name="days", title="Days", target="portfolio", definition={})
    run = add("import_run", layout_id=layout, client_id=shop.client, file_name="days.xlsx", state="done")
    values = ("2018-06-25", "2018-06-25 10:30:00", "2018-99-99", "L-1")
    for number, value in enumerate(values, 2):
        said = {"row": number, "column": "Paid on", "value": value, "reason": "is no date", "said": {}}
        add("import_problem", run_id=run, **said)
    told = ("Jun 25, 2018", "Jun 25, 2018 10:30", "2018-99-99", "L-1")
    page = shop.admin.get(f"/import_problem/list/?run={run}").text.replace("\u202f", " ")
    with shop.admin.get(f"/import_problem/export.xlsx?run={run}&cols=row.value") as answer:
        lines = list(load_workbook(BytesIO(answer.get_data())).worksheets[0].iter_rows(values_only=True))
    found = [str(line[1]).replace("\u202f", " ") for line in lines if line[0] in (2, 3, 4, 5)]
    assert [one.startswith(want) for one, want in zip(found, told, strict=True)] == [True] * 4, found
    assert all(one in page for one in found)
