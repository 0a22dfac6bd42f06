"""What history keeps, as people read it; personal values are hidden on screen, file and API from who may not see them."""

from io import BytesIO

from flask_appbuilder.security.sqla.models import Permission, PermissionView, assoc_permissionview_role
from openpyxl import load_workbook
from sqlalchemy import delete, select

from app.core.db import scoped_as, unscoped
from app.core.org import AuditEvent, DataGrant, GrantKind, Role
from app.core.web.kept import masked
from app.core.web.link_names import names
from app.core.web.principal import Principal
from app.models import Customer, Loan
from tests.web.people import rows, watched
from tests.web.pool import REVEAL
from tests.web.shop import Shop

NUMBER = "621121198005050011"


def hide_from_auditors() -> None:
    """Take from their role the right to see personal numbers in full."""
    with unscoped("an auditor who may not reveal") as session:
        auditor = select(Role.id).where(Role.name == "Auditor").scalar_subquery()
        right = (
            select(PermissionView.id)
            .join(Permission)
            .where(Permission.name == "can_reveal")
            .scalar_subquery()
        )
        held = assoc_permissionview_role.c
        session.execute(
            delete(assoc_permissionview_role).where(held.role_id == auditor, held.permission_view_id == right)
        )


def test_the_auditor_sees_that_a_personal_value_changed_and_not_what_it_was(shop: Shop) -> None:
    with unscoped("an identity number of a test") as session:
        session.get_one(Customer, shop.customers[0]).identity_number = NUMBER
    hide_from_auditors()
    query = f"entity=customer&row_id={shop.customers[0]}&action=change"
    for who, is_shown in (("admin", True), ("auditor", False)):
        changes = [row["changes"] for row in shop.caller(who).call("GET", f"history/?{query}").json["result"]]
        assert any("identity_number" in change for change in changes)
        assert (NUMBER in str(changes)) is is_shown
        assert (NUMBER in shop.browser(who).get(f"/history/list/?{query}").text) is is_shown
        with shop.browser(who).get(f"/history/export.xlsx?{query}") as answer:
            book = load_workbook(BytesIO(answer.get_data()))
        said = str([cell.value for row in book.worksheets[0].iter_rows() for cell in row])
        assert (NUMBER in said) is is_shown


def test_no_search_and_no_value_of_a_person_that_was_filtered_by_is_kept_in_the_access_log(
    shop: Shop,
) -> None:
    harmless = {"status": ["overdue"], "disbursed_on": ["this-year"]}
    query = f"any1.customer.identity_number={NUMBER}&any1.customer.name__contains=Lin&q=Lin&status=overdue&disbursed_on=this-year"
    before, build = len(rows("audit_event")), f"/user_report/build/loan/export.xlsx?_row=status&{query}"
    for address in (f"/loan/export.xlsx?{query}", build):
        with shop.admin.get(address) as answer:
            assert answer.status_code == 200
    for address in (f"/loan/list/?{query}", build.replace("/export.xlsx", "")):
        assert shop.admin.post("/printed/", {"address": address}).status_code == 204
    kept = [one.details["filters"] for one in rows("audit_event")[before:] if one.kind in ("export", "print")]
    hidden = {
        name: ["•••"] for name in ("any1.customer.identity_number", "any1.customer.name__contains", "q")
    }
    assert [{name: one[name] for name in one if name != "_row"} for one in kept] == [hidden | harmless] * 4


def test_a_number_that_a_workbook_was_filtered_by_is_hidden_in_a_group_and_behind_a_link(shop: Shop) -> None:
    hide_from_auditors()
    wanted = "621121199901010022"
    with unscoped("a row of an earlier release") as session:
        event = AuditEvent(kind="export", entity="loan", details={"filters": {
            "any1.customer.identity_number": [wanted], "any1.status": ["overdue"], "q": [wanted],
            "customer.identity_number": [wanted], "disbursed_on": ["this-year"],
        }})  # fmt: skip
        session.add(event)
        session.flush()
        session.refresh(event)
        session.expunge(event)
    for who, is_shown in (("admin", True), ("auditor", False)):
        page = shop.browser(who).get(f"/audit_event/show/{event.id}").text
        assert (wanted in page) is is_shown
        assert "or Status: Overdue" in page
        assert "this year" in page
        reader = Principal(
            1, who, who, "Auditor", "en", is_partner=False, permissions=REVEAL if is_shown else frozenset()
        )
        assert (wanted in str(masked(event.details, "loan", reader))) is is_shown


def test_a_removal_tells_what_there_was_and_links_by_their_names(shop: Shop) -> None:
    with unscoped("a grant that is taken away") as session:
        grant = DataGrant(user_id=shop.users["otto"], kind=GrantKind.BRANCH, branch_id=shop.branches["north"])
        session.add(grant)
        session.flush()
        row_id = grant.id
        session.delete(grant)
    query = f"entity=data_grant&row_id={row_id}&action=delete"
    page = shop.admin.get(f"/history/list/?{query}").text
    with shop.admin.get(f"/history/export.xlsx?{query}") as answer:
        book = load_workbook(BytesIO(answer.get_data()))
    said = str([cell.value for row in book.worksheets[0].iter_rows() for cell in row])
    for text in (page, said):
        assert "User: Otto Test → –" in text
        assert "Branch: North → –" in text
        assert "– → –" not in text


def test_names_of_links_in_history_are_asked_once_a_page(shop: Shop) -> None:
    with unscoped("loans that change hands") as session:
        for loan in shop.loans[:20:2]:
            session.get_one(Loan, loan).officer_id = shop.users["otto"]
        for loan in shop.loans[20:40:2]:
            session.get_one(Loan, loan).branch_id = shop.branches["head"]
    with watched() as asked:
        page = shop.admin.get("/history/list/?entity=loan&action=change").text
    assert page.count("Officer: Olga Test → Otto Test") == 10
    assert page.count("Branch: North → Head office") == 10
    assert len(asked.about("FROM branch")) == 1


def test_history_names_no_row_that_its_reader_may_not_see(shop: Shop) -> None:
    with unscoped("a customer in another's hands") as session:
        theirs = session.scalars(select(Customer.id).where(Customer.manager_id == shop.users["otto"])).first()
    told = [("loan", {"customer_id": [theirs, None]})]
    with scoped_as(shop.users["olga"]) as session:
        assert names(session, told) == {}
    with scoped_as(shop.users["admin"]) as session:
        assert list(names(session, told)) == [("customer", theirs)]
