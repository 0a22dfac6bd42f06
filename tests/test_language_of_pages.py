"""In another language no page says anything in English, and none shows a code of the program in place of words.

The walk's world is read in simplified Chinese, where any word of Latin letters that is neither data nor a name
stands out.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask_babel import lazy_gettext

import app.models
import app.views  # noqa: F401  all declarations, and the words that views know
from app.access.users import create_user
from app.core import clock, codes, i18n, registry
from app.core.db import unscoped
from app.core.web.links import is_shown, show_url
from tests.kept import filled
from tests.page_texts import english, left_over
from tests.walk.canaries import DAY
from tests.walk.world import World, make_world
from tests.web.people import Browser, Caller, add

PLAIN_CODES = {
    "api_token.last_used_from": "an address of the network",
    "api_token.public_id": "made by the program",
    "audit_event.network_address": "an address of the network",
    "audit_seal.head": "a SHA-256 in digits",
    "audit_seal.previous": "a SHA-256 in digits",
    "approval_route.amount_field": "a field by its name, as filters and programs say it",
    "approval_route.currency": "an ISO 4217 code",
    "attachment.media_type": "a media type of IANA",
    "branch.code": "given by the lender",
    "bucket.code": "given by the administrator",
    "client.code": "given by the administrator",
    "client.currency": "an ISO 4217 code",
    "client.zone": "a name of the IANA database",
    "collection_by_place.currency": "an ISO 4217 code",
    "collection_by_unit.currency": "an ISO 4217 code",
    "collection_snapshot.currency": "an ISO 4217 code",
    "custom_choice.code": "given by the administrator",
    "custom_field.code": "given by the administrator",
    "customer.identity_number": "given by the state",
    "customer.zone": "a name of the IANA database",
    "import_layout.name": "given by the administrator",
    "loan.contract_number": "given by the lender",
    "loan.currency": "an ISO 4217 code",
    "loan.number": "given by the lender",
    "rule.field": "a field by its name, as filters and programs say it",
    "rule.set_field": "a field by its name, as filters and programs say it",
    "rule.task_field": "a field by its name, as filters and programs say it",
    "loan.repayment_account": "given by the bank",
    "message.provider": "the provider's name as it is set up",
    "message.slot": "a time of day",
    "portfolio_change.currency": "an ISO 4217 code",
    "portfolio_change.status": "shown on no screen",
    "portfolio_snapshot.currency": "an ISO 4217 code",
    "portfolio_snapshot.status": "shown on no screen",
    "product.code": "given by the lender",
    "product.currency": "an ISO 4217 code",
    "region.code": "given by the classifier",
    "repayment.currency": "an ISO 4217 code",
    "repayment.reference": "given by whoever received the money",
    "user.number": "given by the employer",
    "webhook_delivery.number": "made by the program",
}
"""Columns of short codes that are shown as they stand, each with its reason."""


DETAILS = {
    "rows": 3, "report": "trend", "filters": {"status": ["overdue"], "days_past_due__gt": ["30"]},
    "given": ["can_edit Loan"], "taken": ["can_list Customer"],
}  # fmt: skip
ERROR = i18n.kept(lazy_gettext("Its sending times cannot be read: %(times)s", times="9"))


@pytest.fixture(scope="module")
def program(_application: Any) -> Any:
    return _application


@pytest.fixture(scope="module")
def world(_application: Any, database: Any) -> World:
    made = filled(database, make_world)
    _records(made)
    create_user("chinese", "pw", "Administrator", language="zh_Hans", grants=({"kind": "all"},))
    return made


def _records(world: World) -> None:
    """Rows of the records that the house keeps by itself, one of every sort."""
    user, loan = world.users["all"], world.rows["loan"][0][1]
    run = world.rows["import_run"][0][1].id
    with unscoped("the day of the world") as session:
        clock.set_business_date(session, DAY)
    for kind in codes.words("audit_kind"):
        add(
            "audit_event",
            kind=kind,
            user_id=user,
            entity="loan",
            row_id=loan.id,
            about="trend",
            details=DETAILS,
        )
    for step in codes.words("job_step"):
        add("job_run", job="nightly", step=step, errors=[{"row": "1", **ERROR}], result={"errors": 1})
    for reason in codes.words("contact_reason"):
        add(
            "message", customer_id=loan.customer_id, loan_id=loan.id, text="…", reason=reason, state="refused"
        )
    for field in codes.words("stated_field"):
        about = {"run_id": run, "loan_id": loan.id, "as_of": loan.disbursed_on, "field": field}
        add("stated_difference", **about, stated="overdue", computed="annuity")
    with unscoped("a change to be kept in the history") as session:
        kept = session.get_one(registry.entity("loan"), loan.id)
        kept.status, kept.is_dunning_stopped, kept.overdue_since = "overdue", True, loan.disbursed_on


@pytest.fixture(scope="module")
def browser(_application: Any, world: World) -> Browser:
    """An administrator who reads Chinese."""
    opened = Browser(_application, "all")
    opened.get("/lang/zh_Hans")
    return opened


def _pages(world: World) -> Iterator[str]:
    """Every list, chart, record, operation and report, and the pages written by hand; forms are tried below."""
    yield from ("/home/", "/imports/new", "/resetmypassword/form", "/roles/1", "/roles/3", "/nothing/here")
    yield from ("/loan/list/?size=7", "/loan/list/?sort=x", "/loan/list/?q=%00&principal=ten", "/files/77")
    for report in registry.reports():
        yield f"{report.url}/?by={report.dimensions[-1].name}" if report.dimensions else f"{report.url}/"
    for entity in filter(is_shown, registry.entities()):
        slug = entity.slug()
        yield f"/{slug}/list/"
        yield from (f"/{slug}/chart/{column}" for column in list(entity.__screen__.charts)[:1])
        row = world.rows.get(slug, [(0, None)])[0][1]
        if row is not None:
            yield show_url(slug, row.id)
            yield from (f"/{slug}/do/{one.name}?ids={row.id}" for one in registry.operations(entity))
    yield from (
        "/setting/edit/1",
        "/user/show/1",
        "/user/edit/1",
        "/audit_event/show/12",
        "/history/list/?action=change",
    )


def test_no_page_says_anything_in_english(browser: Browser, world: World) -> None:
    wrong = {}
    for path in dict.fromkeys(_pages(world)):
        page = browser.get(path, follow_redirects=True)
        assert page.status_code in (200, 400, 404), path
        if found := left_over(page.text):
            wrong[path] = found
    assert not wrong, "\n".join(f"{path}: {found}" for path, found in wrong.items())


def test_no_refusal_of_a_form_or_operation_is_in_english(browser: Browser, world: World) -> None:
    """Each form is sent empty, so that its page names what is needed."""
    given, wrong = {"csrf_token": browser.mark("/home/"), "value": "maybe"}, {}
    forms = [
        cls.slug() for cls in registry.entities() if "add" in cls.__screen__.operations and is_shown(cls)
    ]
    hand_made = ("/resetmypassword/form", "/imports/new", "/setting/edit/1", "/lookups/nothing")
    for path in (*(f"/{slug}/add" for slug in forms), *hand_made):
        answer = browser.client.post(path, data=given)
        assert answer.status_code != 500, path
        wrong[path] = left_over(answer.text) if answer.status_code != 302 else []
    assert not {path: found for path, found in wrong.items() if found}


def test_a_program_is_told_in_its_users_language_too(program: Any, world: World) -> None:
    caller = Caller(program, "chinese")
    caller.headers["Accept-Language"] = "zh-CN"  # counts where nobody is asked who he is
    answers = [
        caller.call("GET", "nothing"), caller.call("PATCH", "loan/1"), caller.call("GET", "loan/?size=7"),
        caller.call("POST", "customer/", {"sex": "other"}), caller.call("POST", "branch/", {"name": 7, "colour": "red"}),
    ]  # fmt: skip
    assert [english(answer.json["message"]) for answer in answers] == [[], [], [], [], ["colour"]]
    assert not any(english(text) for each in answers[3].json["errors"].values() for text in each)


def test_the_login_speaks_the_browsers_language(program: Any, world: World) -> None:
    stranger = Browser(program)
    spoken = {"headers": {"Accept-Language": "zh-CN"}}
    page = stranger.get("/login/", **spoken)
    refused = stranger.login("all", "wrong", follow_redirects=True, **spoken)
    assert left_over(page.text) == left_over(refused.text) == []
    assert "登录" in page.text


def test_a_partner_who_may_do_nothing_is_told_so_in_his_language(program: Any, world: World) -> None:
    create_user("reader", "pw", "Partner", language="zh_Hans")
    reader = Browser(program, "reader")
    for path in ("/home/", "/user/list/", "/loan/list/", "/roles/1"):
        assert left_over(reader.get(path, follow_redirects=True).text) == [], path


def test_every_short_code_has_words_or_a_reason_to_be_shown_as_it_is() -> None:
    plain = {
        f"{entity.slug()}.{column.name}"
        for entity in registry.entities()
        for column in entity.__table__.columns
        if column.info.get("kind") in ("code", "codes") and not {"words", "said"} & set(column.info)
    }
    assert plain == set(PLAIN_CODES), "give it words (see app/core/codes.py) or a reason here"


def test_every_kind_of_words_is_known() -> None:
    for entity in registry.entities():
        for column in entity.__table__.columns:
            kind = column.info.get("words") or column.info.get("said")
            assert kind is None or kind == "language" or kind in codes._SOURCES, (
                f"{entity.slug()}.{column.name}"
            )


@pytest.mark.parametrize(
    "page",
    [
        "<p>Not translated</p>", "<button>贷款</button><span>Overdue</span>", '<input placeholder="Find it">',
        '<input type="submit" value="Save">', '<a data-confirm="Delete this row?">删除</a>', "<td>outside_hours</td>",
        '<script type="application/json">[{"label": "Loans", "kind": "text"}]</script>',
    ],
)  # fmt: skip
def test_a_label_left_in_english_is_found(page: str) -> None:
    assert left_over(page)
