"""What holds for a single change holds for a job of very many: rules, approvals, values; and who is offered to assign rows."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from app.core import registry
from app.core.db import unscoped
from app.core.org import ApprovalRoute, BulkJob
from app.core.web import bulk_asking, forms, operations
from app.core.web.bulk_form import bulk_form, fields_of
from app.core.web.list_page import is_person
from app.models import Loan
from tests.web.people import add, rows, stored
from tests.web.shop import DAY, Shop
from tests.web.test_bulk_edit import bulk as edit, shop_principal
from tests.web.test_bulk_jobs import asked, changes, fresh, stop_dunning, work
from tests.web.test_two_writers import change as set_past_screens
from tests.web.values import as_form, body, with_verb


@pytest.mark.usefixtures("few")
def test_rows_that_a_rule_refuses_are_refused_by_a_job_too(shop: Shop) -> None:
    loans = fresh(shop, 7)
    for one in loans[2:4]:
        set_past_screens("loan", one, disbursed_on=DAY - timedelta(days=10))
    until = DAY - timedelta(days=20)
    done = work(shop, asked(edit(shop.admin, "loan", loans, {"matures_on": until.isoformat()})))
    assert (done.done, done.refused) == (5, 2)
    assert stored("selection", done.selection_id).row_ids == loans[2:4]
    assert [one for one in loans if stored("loan", one).matures_on != until] == loans[2:4]


@pytest.mark.usefixtures("few")
def test_what_needs_approval_is_asked_for_by_a_job_as_it_is_on_the_page(shop: Shop) -> None:
    loans, role = fresh(shop, 5), stored("user", shop.users["auditor"]).role_id
    routes = [
        add("approval_route", name=f"r{one}", operation=one, field_names=names, first_role_id=role)
        for one, names in (("stop_dunning", None), ("edit.loan", "purpose"))
    ]
    called = work(shop, asked(stop_dunning(shop.admin, loans)))
    changed = work(shop, asked(edit(shop.admin, "loan", loans, {"purpose": "watched"})))
    with unscoped("routes of a test") as session:
        session.execute(update(ApprovalRoute).where(ApprovalRoute.id.in_(routes)).values(is_off=True))
        outcome = session.scalar(select(BulkJob.outcome).where(BulkJob.id == called.id))
    assert (called.done, outcome["asked"], called.refused) == (0, 5, 0)
    assert (changed.done, changed.refused) == (0, 5)
    asked_for = [row.row_id for row in rows("approval_request", operation="stop_dunning")]
    assert sorted(asked_for) == loans
    assert changes(Loan, loans, "is_dunning_stopped") + changes(Loan, loans, "purpose") == []
    page = shop.admin.get(f"/bulk_job/page/{changed.id}").text
    assert page.count("This change needs approval: edit it on its page") == 5


@pytest.mark.usefixtures("few")
def test_what_is_done_outside_of_ones_scope_is_marked_in_the_transaction_that_does_it(
    shop: Shop, monkeypatch: Any
) -> None:
    tasks = [
        add(
            "task",
            title=f"T{n}",
            entity="customer",
            row_id=shop.customers[0],
            user_id=shop.users["admin"],
            author_id=shop.users["admin"],
        )
        for n in range(7)
    ]
    answer = shop.admin.post(
        "/task/do/cancel_task", {"__run": "1", "ids": tasks, "reason": "none", "note": "none"}
    )
    job, run, parts = asked(answer), operations.run, []

    def killed(*args: Any, **kwargs: Any) -> Any:
        """The house's transaction is over, that of the user is not."""
        found = run(*args, **kwargs)
        parts.append(args)
        if len(parts) == 2:
            raise SystemExit
        return found

    monkeypatch.setattr(operations, "run", killed)
    with pytest.raises(SystemExit):
        work(shop, job)
    assert (stored("bulk_job", job).position, stored("bulk_job", job).done) == (6, 6)
    done = work(shop, job)
    assert (str(done.state), done.done, done.refused) == ("done", 7, 0)
    assert {str(stored("task", one).state) for one in tasks} == {"cancelled"}


@pytest.mark.usefixtures("few")
def test_an_operation_for_one_row_is_never_left_to_a_job_so_that_no_password_is_kept(shop: Shop) -> None:
    users = [add("user", username=f"u{n}", first_name="U", last_name="N", email=f"u{n}@x.invalid", active=True) for n in range(4)]  # fmt: skip
    answer = shop.admin.post("/user/do/set_password", {"__run": "1", "ids": users, "password": "Secret-1-pw"})
    assert "This is done with one row at a time" in answer.text
    assert rows("bulk_job", entity="user") == []


def test_every_field_of_a_change_comes_back_from_where_it_is_kept_as_it_was_typed(shop: Shop) -> None:
    for slug in with_verb("edit"):
        entity = registry.entity(slug)
        said = as_form(slug, body(slug, shop, 31))
        with shop.app.test_request_context(), unscoped("read a form twice") as session:
            fields = [one for one in fields_of(entity, shop_principal()) if one.column.key in said]
            typed = {one.column.key: said[one.column.key] for one in fields}
            typed |= {one.column.key: "no" for one in fields if one.kind == "bool"}
            first = bulk_form(entity, fields, session, posted=MultiDict(typed))
            first.validate()
            right = [one for one in fields if not first[one.column.key].errors]
            wanted = forms.values(first, right)
            kept = {name: bulk_asking._said(value) for name, value in wanted.items()}
            again = bulk_form(entity, right, session, posted=MultiDict(kept))
            again.validate()
            assert forms.values(again, [one for one in right if one.column.key in kept]) == wanted, slug


def test_rows_are_assigned_from_the_list_of_every_entity_that_has_somebody_in_charge(shop: Shop) -> None:
    offered = set()
    for slug in with_verb("edit"):
        an_id = rows(slug)[:1]
        with shop.app.test_request_context():
            people = [one for one in fields_of(registry.entity(slug), shop_principal()) if is_person(one)]
        page = shop.admin.get(f"/{slug}/list/").text
        for field in people if an_id else ():
            offered.add(slug)
            assert f'formaction="/{slug}/change?_change={field.column.key}"' in page, slug
            form = shop.admin.post(f"/{slug}/change?_change={field.column.key}", {"ids": an_id[0].id}).text
            assert f'value="{field.column.key}" data-change="{field.column.key}" checked' in form
            assert " data-one>" in form
    assert {"customer", "loan"} <= offered
    for reader in ("partner", "auditor"):
        assert "_change=" not in shop.browser(reader).get("/loan/list/").text
