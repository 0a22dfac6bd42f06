"""Rules of administrators: fired by the event's own transaction, done once, as a user, logged, and stopped when they loop."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from app.access.users import create_user
from app.core.db import unscoped
from app.core.org import GrantKind, Rule, Webhook
from app.core.rules import runner
from tasks import dispatch
from tasks.nightly import look_by_rules
from tests.roles import role_that_reveals_nothing
from tests.rules.source import ROOT
from tests.web import approvals
from tests.web.people import add, fingerprint, rows, stored
from tests.web.ruling import made, rename, rule, work
from tests.web.shop import DAY, Shop

DYING = """
import os
from tasks.application import application
from app.core.rules import runner
from app.core.web import writing
put = writing.put
runner.actions.put = lambda *given, **more: (put(*given, **more), os._exit(9))[0]
with application().app_context():
    runner.run()
"""


@pytest.fixture(autouse=True)
def _no_other_rule(shop: Shop) -> Iterator[None]:
    yield
    with unscoped("no rule of another test") as session:
        session.execute(delete(Rule))
        session.execute(delete(Webhook))


def test_a_change_creates_a_task_sets_a_field_writes_a_comment_and_is_logged(shop: Shop) -> None:
    one = made(
        shop, field="name", conditions="status=active", user=shop.users["admin"], task_title="Look at him",
        task_field="manager_id", task_days=3, set_field="is_vulnerable", set_value="true", comment="Seen by a rule",
    )  # fmt: skip
    active, inactive = shop.customers[2], shop.customers[4]
    for customer in (active, inactive):
        rename(shop, customer)
    shop.caller("admin").call("PATCH", f"customer/{active}", {"is_do_not_contact": True})
    assert (work(shop), work(shop)) == (1, 0)
    [task] = rows("task", title="Look at him")
    assert (task.entity, task.row_id, task.user_id, task.author_id) == ("customer", active, shop.users["olga"], shop.users["admin"])  # fmt: skip
    assert ((task.due_on - DAY).days, stored("customer", active).is_vulnerable) == (3, True)
    assert [c.row_id for c in rows("comment", text="Seen by a rule")] == [active]
    [last] = [h for h in rows("history", entity="customer", row_id=active) if "is_vulnerable" in h.changes]
    assert (last.source, last.reason, last.user_id) == ("rule", "A rule", shop.users["admin"])
    [firing] = rows("rule_firing", rule_id=one)
    assert (str(firing.state), firing.actions, firing.row_id, firing.depth) == ("done", ["field", "task", "comment"], active, 0)  # fmt: skip
    page = shop.admin.get(f"/rule_firing/list/?rule={one}").text
    assert "Task created" in page
    assert shop.browser("olga").get(f"/customer/show/{active}", follow_redirects=True).status_code == 200


def test_a_new_record_queues_a_message_and_calls_a_webhook(shop: Shop) -> None:
    template = add("message_template", name="Welcome", kind="manual", channel="sms", language="en", text="Good day", is_active=True)  # fmt: skip
    told = {
        "url": "https://localhost/",
        "user_id": shop.users["admin"],
        "entity": "customer",
        "salt": b"s" * 32,
    }
    hook, closed = (add("webhook", name="H", is_called_by_rules=is_open, **told) for is_open in (True, False))
    assert rule(shop, webhook=closed).json["errors"].keys() == {"webhook_id"}
    one = made(shop, event="created", message="Welcome", webhook=hook)
    customer = add("customer", client_id=shop.client, name="New", manager_id=shop.users["olga"])
    add("phone", customer_id=customer, number="+8613800009999", is_primary=True)
    assert work(shop) == 1
    [message] = rows("message", customer_id=customer)
    assert (message.template_id, message.created_by_id) == (template, shop.users["admin"])
    assert [(d.row_id, d.event) for d in rows("webhook_delivery", webhook_id=hook)] == [(customer, "rule")]
    assert rows("rule_firing", rule_id=one)[0].actions == ["message", "webhook"]
    assert rule(shop, entity="team", message="Welcome").json["errors"].keys() == {"message"}


def test_it_acts_within_the_scope_and_the_rights_of_its_user_and_its_log_follows_the_record(
    shop: Shop,
) -> None:
    one = made(shop, user=shop.users["olga"], comment="By olga's rule")
    mine, foreign = shop.customers[6], shop.customers[7]
    for customer in (mine, foreign):
        rename(shop, customer)
    assert work(shop) == 1
    assert [c.row_id for c in rows("comment", text="By olga's rule")] == [mine]
    [firing] = rows("rule_firing", rule_id=one)
    assert shop.browser("auditor").get(f"/rule_firing/show/{firing.id}").status_code == 200
    assert shop.browser("otto").get(f"/rule_firing/show/{firing.id}").status_code in (403, 404)
    assert shop.browser("owner").get(f"/rule_firing/show/{firing.id}").status_code == 404
    assert shop.browser("owner").get(f"/rule/show/{one}").status_code == 404
    create_user("reader", "pw", "Auditor", first_name="R", last_name="T", grants=({"kind": GrantKind.ALL},))
    [reader] = rows("user", username="reader")
    other = made(shop, name="Reader's", user=reader.id, set_field="name", set_value="Overwritten")
    rename(shop, mine, "Kept")
    work(shop)
    assert stored("customer", mine).name == "Kept"
    [failed] = rows("rule_firing", rule_id=other)
    assert (str(failed.state), "may not do this himself" in failed.problem) == ("failed", True)


def test_what_one_action_cannot_do_undoes_the_others_of_the_firing_and_says_why(shop: Shop) -> None:
    one = made(shop, user=shop.users["admin"], comment="Half done", task_title="For otto", task_user=shop.users["otto"])  # fmt: skip
    rename(shop, shop.customers[8])
    assert work(shop) == 0
    [firing] = rows("rule_firing", rule_id=one)
    assert (str(firing.state), firing.problem) == ("failed", "He does not see this record")
    assert rows("comment", text="Half done") == rows("task", title="For otto") == []


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_does_it_once(shop: Shop) -> None:
    made(shop, comment="Once only", task_title="Once only", task_user=shop.users["admin"])
    rename(shop, shop.customers[10])
    died = subprocess.run([sys.executable, "-c", DYING], cwd=ROOT, env=dict(os.environ), check=False)
    assert died.returncode == 9
    assert rows("task", title="Once only") == rows("comment", text="Once only") == []
    assert (work(shop), work(shop)) == (1, 0)
    assert [len(rows("task", title="Once only")), len(rows("comment", text="Once only"))] == [1, 1]


def test_rules_that_set_each_other_off_are_stopped_and_say_so(shop: Shop) -> None:
    for here, there in (("A", "B"), ("B", "A")):
        made(shop, name=f"To {there}", conditions=f"name={here}", set_field="name", set_value=there)
    rename(shop, shop.customers[12], "A")
    assert runner.DEEPEST <= work(shop) <= 2 * runner.DEEPEST
    states = [str(one.state) for one in rows("rule_firing", row_id=shop.customers[12])]
    assert "stopped" in states
    paused, *others = [one for one in rows("rule") if one.is_off]
    assert {one.stopped_because for one in [paused, *others]} == {"loop"}
    assert "set itself off again and again" in shop.admin.get(f"/rule/show/{paused.id}").text
    shop.caller("admin").call("PATCH", f"rule/{paused.id}", {"is_off": False})
    assert stored("rule", paused.id).stopped_because is None


def test_a_change_makes_a_version_and_old_firings_point_at_theirs(shop: Shop) -> None:
    one = made(shop, comment="First")
    rename(shop, shop.customers[14])
    work(shop)
    shop.caller("admin").call("PATCH", f"rule/{one}", {"comment": "Second"})
    shop.caller("admin").call("PATCH", f"rule/{one}", {"is_off": True})
    shop.caller("admin").call("PATCH", f"rule/{one}", {"is_off": False})
    rename(shop, shop.customers[14], "Renamed again")
    work(shop)
    versions = {v.id: (v.number, v.definition["comment"]) for v in rows("rule_version", rule_id=one)}
    assert [versions[f.version_id] for f in rows("rule_firing", rule_id=one)] == [(1, "First"), (2, "Second")]
    assert len(versions) == 2


def test_a_rule_of_every_night_fires_once_for_a_record_and_night(shop: Shop) -> None:
    one = made(shop, entity="loan", event="nightly", conditions="days_past_due__gt=20", comment="Very late")
    with unscoped("a night of a test") as session:
        assert look_by_rules(session, DAY, None) == 1  # type: ignore[arg-type]
    late = [n for n in range(1, 40) if n % 3 == 0 and n > 20]
    assert work(shop) == len(late)
    assert {c.row_id for c in rows("comment", text="Very late")} == {shop.loans[n] for n in late}
    with unscoped("the same night again") as session:
        look_by_rules(session, DAY, None)  # type: ignore[arg-type]
    assert (work(shop), len(rows("rule_firing", rule_id=one))) == (0, len(late))


def test_a_dry_run_says_what_would_have_been_done_and_stores_nothing(shop: Shop, database: Any) -> None:
    rename(shop, shop.customers[16], "Tried out")
    one = made(shop, conditions="name=Tried out", comment="Never stored", task_title="T", task_user=shop.users["olga"])  # fmt: skip
    shop.admin.get("/home/")
    before = fingerprint(database, "idempotent_request")
    page = shop.admin.get(f"/rule/try/{one}").text
    assert "Tried out" in page
    assert "Task created, Comment written" in page
    assert fingerprint(database, "idempotent_request") == before
    assert shop.browser("owner").get(f"/rule/try/{one}").status_code == 404


def test_what_is_typed_wrong_is_refused_beside_its_field(shop: Shop) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"conditions": "colour=red"}, "conditions"), ({"conditions": "status=nothing"}, "conditions"), ({"field": "colour"}, "field"),
        ({"set_field": "colour"}, "set_field"), ({"set_field": "is_vulnerable_since", "set_value": "x"}, "set_field"),
        ({"entity": "loan", "set_field": "officer", "set_value": "nobody"}, "set_value"), ({"entity": "history"}, "entity"),
        ({"task_title": "T", "task_user": shop.users["olga"], "task_field": "manager_id"}, "task_field"),
        ({"task_title": "T", "task_field": "name"}, "task_field"), ({"message": "No such"}, "message"),
    ]  # fmt: skip
    for values, field in wrong:
        answer = rule(shop, comment="C", **values)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {field}), (values, answer.json)
    assert set(rule(shop).json["errors"]) == {"is_off"}
    assert rows("rule") == []
    one = made(shop, comment="C", conditions="status=active")
    with unscoped("a field that is gone") as session:
        session.get_one(Rule, one).conditions = "colour=red"
    rename(shop, shop.customers[18])
    work(shop)
    off = stored("rule", one)
    assert (off.is_off, off.stopped_because, "colour" in off.stopped_detail) == (True, "conditions", True)


def test_who_may_do_less_than_its_user_can_switch_a_rule_off_and_nothing_else(shop: Shop) -> None:
    keeper = create_user("keeper", "pw", role_that_reveals_nothing("Keepers"), grants=({"kind": GrantKind.ALL},))  # fmt: skip
    one, program, browser = made(shop, comment="C"), shop.caller("keeper"), shop.browser("keeper")
    changes: tuple[dict[str, Any], ...] = (
        {"comment": "Other"}, {"conditions": "status=active"}, {"entity": "loan"}, {"set_field": "name", "set_value": "X"},
        {"comment": "Other", "is_off": True},
    )  # fmt: skip
    for said in changes:
        answer = program.call("PATCH", f"rule/{one}", said)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"user_id"}), said
    assert "This user may do more than you" in browser.get(f"/rule/try/{one}").text
    with unscoped("what was left") as session:
        session.get_one(Rule, one).stopped_firings = 1
    browser.post("/rule/do/take_up", {"ids": one, "__run": "1"})
    assert stored("rule", one).stopped_firings == 1
    assert program.call("PATCH", f"rule/{one}", {"is_off": True}).status_code == 200
    assert program.call("PATCH", f"rule/{one}", {"is_off": False}).status_code == 422
    left = stored("rule", one)
    assert (left.is_off, left.comment, left.set_field, left.entity) == (True, "C", None, "customer")
    own = {"user": keeper, "comment": "Mine", "is_off": False}
    assert program.call("PATCH", f"rule/{one}", own).status_code == 200
    assert (stored("rule", one).user_id, stored("rule", one).comment) == (keeper, "Mine")


def test_a_rule_calls_no_webhook_that_tells_of_another_kind_by_now(shop: Shop) -> None:
    told = {"url": "https://localhost/", "user_id": shop.users["admin"], "salt": b"s" * 32}
    hook = add("webhook", name="H", is_called_by_rules=True, entity="customer", **told)
    made(shop, comment="Told", webhook=hook)
    with unscoped("a webhook of another kind") as session:
        session.get_one(Webhook, hook).entity = "team"
    rename(shop, shop.customers[20])
    assert (work(shop), rows("webhook_delivery", webhook_id=hook)) == (1, [])


@contextmanager
def refusing(database: Any, name: str, code: str) -> Iterator[None]:
    """The database ends each statement that gives a customer this name, as it would one beyond its limits."""
    made = f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.name = '{name}' THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION refuse()"""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(made)
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION refuse CASCADE")


def test_a_statement_beyond_a_limit_stops_its_rule_and_the_others_go_on(shop: Shop, database: Any) -> None:
    one = made(shop, conditions="name=Stuck", set_field="name", set_value="Too much")
    made(shop, name="After it", conditions="name=Stuck", comment="Still done")
    with refusing(database, "Too much", "54001"):
        rename(shop, shop.customers[22], "Stuck")
        assert work(shop) == 1
    assert (stored("rule", one).is_off, stored("rule", one).stopped_because) == (True, "fault")
    assert [c.row_id for c in rows("comment", text="Still done")] == [shop.customers[22]]


def test_what_was_approved_is_done_although_the_rules_fail_and_their_failure_is_told(
    shop: Shop, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    approvals.person(shop, "mary", "Manager")
    approvals.route(shop)
    shop.caller("olga").call("POST", f"loan/{shop.loans[0]}/do/stop_dunning", {"reason": "He is ill"})
    assert approvals.decide(shop, "mary", approvals.request(shop.loans[0]).id).status_code == 200
    one = made(shop, conditions="name=Held", set_field="name", set_value="Locked")
    monkeypatch.setattr(dispatch, "application", lambda: shop.app)
    with refusing(database, "Locked", "55P03"):
        rename(shop, shop.customers[24], "Held")
        with pytest.raises(OperationalError):
            dispatch.follow_rules()
    assert stored("loan", shop.loans[0]).is_dunning_stopped
    assert not stored("rule", one).is_off, "somebody was in the way"
    assert (dispatch.follow_rules(), stored("customer", shop.customers[24]).name) == (1, "Locked")
