"""REST for every entity: /api/v1/<entity>/, with OpenAPI, cursors, the screens' filters, scope and rights.

Written on Flask-AppBuilder's BaseApi (tokens, permissions, OpenAPI registration); rows are read and written
by the same machinery as the screens, so nothing can be reached here that a screen would refuse.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import abort, request
from flask_appbuilder.api import expose
from flask_appbuilder.security.decorators import permission_name, protect
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.exceptions import MethodNotAllowed

from app.core import once as told_once, registry
from app.core.db import change_reason, web_session
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.web import bodies, followed, links, openapi, operations, upserts
from app.core.web.answers import row_shape
from app.core.web.api_base import Api
from app.core.web.changing import asked
from app.core.web.field_changes import NeedsApproval
from app.core.web.fields import as_id
from app.core.web.meanwhile import Expected, OtherVersion, stored_version, version
from app.core.web.principal import current
from app.core.web.repeating import Answer, Keep, once
from app.core.web.resources import Unknown, chosen, listed, readable, resource
from app.core.web.writing import put, remove, storing


def expected() -> Expected | None:
    """The version of the row that the program read, if it says one."""
    return Expected(request.if_match) if "If-Match" in request.headers else None


def refused(error: RuleError) -> Answer:
    """What a rule says, and the fields it is about."""
    reasons = getattr(error, "errors", {error.field: [str(error)]} if error.field else {})
    results = {"results": error.results} if isinstance(error, upserts.NothingStored) else {}
    return Answer(422, {"message": str(error), "errors": reasons, **results})


_METHODS = {"edit": ("PUT", "PATCH"), "delete": ("DELETE",)}


class EntityApi(Api):
    """Base of the generated resources; `entity` is set by `api_for`."""

    entity: Any = None

    def operation_helper(
        self,
        path: str | None = None,
        operations: Any = None,
        methods: Any = None,
        func: Any = None,
        **_more: Any,
    ) -> None:
        """Say what the declaration says; Flask-AppBuilder would read docstrings written for it."""
        described = self.openapi_spec_methods or openapi.methods(self.entity)
        operations.update(described.get(func.__name__, {}))

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe the rows once, and each operation at its own address: every one takes arguments of its own."""
        super().add_api_spec(api_spec)
        api_spec.components.schema(self.entity.slug(), row_shape(self.entity))
        base = f"/api/v1/{self.entity.slug()}/{{pk}}/do"
        api_spec._paths.pop(f"{base}/{{name}}", None)  # noqa: SLF001  Flask-AppBuilder knows addresses of routes alone
        for name, said in openapi.doing(self.entity).items():
            api_spec.path(
                path=f"{base}/{name}", operations={"post": {**said, "tags": [self.openapi_spec_tag]}}
            )

    def _need(self, verb: str, *others: str) -> None:
        """405 with what else the address takes, where the entity lets nobody do this."""
        offered = set(self.entity.__screen__.operations.split())
        if verb not in offered:
            methods = {"GET", *(method for other in others if other in offered for method in _METHODS[other])}
            raise MethodNotAllowed(sorted(methods))

    def _row(self, pk: str) -> Any:
        wanted = as_id(self.entity, pk)
        if wanted is None:
            abort(404)
        open_to = followed.open_to(self.entity, current())
        found = web_session().scalars(select(self.entity).where(self.entity.id == wanted, *open_to))
        return found.unique().one_or_none() or abort(404)

    def _said(self, answer: Answer) -> Any:
        response = self.response(answer.status, **answer.body)
        response.headers.update(answer.headers)
        if answer.version is not None:
            response.set_etag(answer.version)
        return response

    def _do(self, work: Callable[[Keep], Answer], pk: str | None = None) -> Any:
        """Write once under the request's key; what is refused is said in words.

        Where the row is no longer the one that the program read, the answer holds it as it is.
        """
        if pk is None and "If-Match" in request.headers:
            raise RuleError(gettext("If-Match is for changes of one record that is there"))
        try:
            return self._said(self._once(work, pk))
        except bodies.Unreadable:
            raise
        except OtherVersion as error:
            return self._said(self._changed(pk or "", error))
        except RuleError as error:
            return self._said(refused(error))

    def _once(self, work: Callable[[Keep], Answer], pk: str | None) -> Answer:
        """Write once under the request's key; or ask for it once, where it needs approval."""
        try:
            return once(work)
        except NeedsApproval as error:
            # it was taken back, and with it the lock of the key: by now a repeat may have asked for the same
            needs = error
        return once(lambda keep: self._ask(pk or "", needs, keep))

    def _ask(self, pk: str, needs: NeedsApproval, keep: Keep) -> Answer:
        with storing(self.entity) as session:
            row = self._row(pk)
            said = {"message": asked(session, row, needs, change_reason.get()), "result": {"id": row.id}}
            answer = Answer(202, said)
            keep(session, answer)
        return answer

    def _changed(self, pk: str, error: OtherVersion) -> Answer:
        # what was read before the row was found to be another is stale
        web_session().rollback()
        row = self._row(pk)
        stored = resource(row, readable(self.entity))
        return Answer(412, {"message": str(error), "stored": stored}, version(row))

    @expose("/", methods=["GET"])
    @protect()
    @permission_name("list")
    def get_list(self) -> Any:
        """Rows by the screens' filters; `next` is the cursor of the next page or null."""
        try:
            return self.response(200, **listed(self.entity, request.args))
        except Unknown as error:
            return self._said(refused(error))

    @expose("/<digits:pk>", methods=["GET"])
    @protect()
    @permission_name("show")
    def get(self, pk: str) -> Any:
        """A row and its version."""
        row = self._row(pk)
        try:
            fields = chosen(self.entity, readable(self.entity), request.args)
        except RuleError as error:
            return self._said(refused(error))
        return self._said(Answer(200, {"result": resource(row, fields)}, version(row)))

    @expose("/", methods=["POST"])
    @protect()
    @permission_name("add")
    def post(self) -> Any:
        self._need("add")
        return self._do(lambda keep: self._write(None, 201, keep))

    @expose("/<digits:pk>", methods=["PUT", "PATCH"])
    @protect()
    @permission_name("edit")
    def put(self, pk: str) -> Any:
        """Change the fields that are said; the others stay, whichever of the two methods it is."""
        self._need("edit", "delete")
        return self._do(lambda keep: self._write(self._row(pk), 200, keep), pk)

    @expose("/<digits:pk>", methods=["DELETE"])
    @protect()
    @permission_name("delete")
    def delete(self, pk: str) -> Any:
        self._need("delete", "edit")
        return self._do(lambda keep: self._delete(pk, keep), pk)

    @expose("/bulk", methods=["POST"])
    @protect()
    @permission_name("show")
    def bulk(self) -> Any:
        """Create or update many rows; each verb needs its own right."""
        if not {"add", "edit"} & set(self.entity.__screen__.operations.split()):
            abort(404)
        allowed = upserts.allowed(self.entity, current())
        return self._do(lambda keep: upserts.store(self.entity, allowed, keep))

    @expose("/<digits:pk>/do/<name>", methods=["POST"])
    @protect()
    @permission_name("show")
    def operate(self, pk: str, name: str) -> Any:
        """Run an operation on one row; its arguments are the body."""
        return self._do(lambda keep: self._operate(pk, name, keep), pk)

    def _write(self, row: Any, status: int, keep: Keep) -> Answer:
        """Check the body as the form would, then store it. Raises NeedsApproval where it waits for that."""
        values = bodies.values(self.entity, row, bodies.body())
        with storing(self.entity) as session:
            written = put(session, self.entity, row, values, expected())
            told = {"result": {"id": written.id}, "warnings": written.warnings}
            answer = Answer(status, told, stored_version(session, written.row))
            keep(session, answer)
        return _with_secret(answer, told_once.told(written.row))

    def _delete(self, pk: str, keep: Keep) -> Answer:
        answer = Answer(200, {"message": gettext("Deleted")})
        with storing(self.entity) as session:
            remove(session, self._row(pk), expected())
            keep(session, answer)
        return answer

    def _operate(self, pk: str, name: str, keep: Keep) -> Answer:
        from app.core.web.operate import find

        operation, session = find(self.entity, name), web_session()
        row_id, said = self._row(pk).id, bodies.arguments(bodies.body())
        form = bodies.checked(operations.form_for(operation, session, posted=said))

        def then(within: Any, outcomes: list[operations.Outcome]) -> None:
            if outcomes[0].is_kept:
                keep(within, _told(outcomes[0]))

        arguments = {p.name: form[p.name].data for p in operation.arguments}
        [outcome] = operations.run(
            operation, session, [row_id], current(), arguments, opened=expected(), then=then
        )
        session.commit()
        return _with_secret(_told(outcome), outcome.secret)


def _with_secret(answer: Answer, secret: str | None) -> Answer:
    """The answer with what was made and is told this once; it is not kept under the request's key."""
    return replace(answer, body={**answer.body, "secret": secret}) if secret else answer


def _told(outcome: operations.Outcome) -> Answer:
    if not outcome.is_refused:
        return Answer(202 if outcome.is_asked else 200, {"message": outcome.sentence})
    return refused(RuleError(outcome.sentence, outcome.field))


def api_for(entity: Any) -> type[EntityApi]:
    """The resource of an entity, for Flask-AppBuilder to register."""
    return type(f"api_{entity.slug()}", (EntityApi,), {
        "entity": entity, "resource_name": entity.slug(), "class_permission_name": subject(entity),
        "openapi_spec_tag": subject(entity),
    })  # fmt: skip


def registered() -> list[type[EntityApi]]:
    """A resource for each entity that has a screen."""
    return [api_for(cls) for cls in registry.entities() if links.is_shown(cls)]
