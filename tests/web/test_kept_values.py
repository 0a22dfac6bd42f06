"""What history keeps of personal values is hidden from those who may not see them, on screen, file and API."""

from io import BytesIO

from flask_appbuilder.security.sqla.models import Permission, PermissionView, assoc_permissionview_role
from openpyxl import load_workbook
from sqlalchemy import delete, select

from app.core.db import unscoped
from app.core.org import Role
from app.models import Customer
from tests.web.shop import Shop

NUMBER = "621121198005050011"


def test_the_auditor_sees_that_a_personal_value_changed_and_not_what_it_was(shop: Shop) -> None:
    with unscoped("an identity number of a test") as session:
        session.get_one(Customer, shop.customers[0]).identity_number = NUMBER
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
