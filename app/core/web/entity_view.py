"""The generated screens of one entity: list, record, form, and one field of a row."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import expose, has_access, permission_name
from flask_babel import gettext

from app.core import once, registry
from app.core.db import because, web_session
from app.core.errors import OutOfScope, RuleError
from app.core.labels import entity_label, singular, subject
from app.core.web import (
    creating,
    drafts,
    duplicates,
    field_changes,
    filter_input,
    followed,
    forms,
    links,
    lookups,
    offers,
    reasons,
    saved_views,
)
from app.core.web.cell_edit import cell
from app.core.web.changing import write
from app.core.web.fields import FieldInfo, customs, typed_fields
from app.core.web.list_doors import ListDoors
from app.core.web.list_page import list_page
from app.core.web.listing import Listing
from app.core.web.meanwhile import OPENED, ChangedMeanwhile, Opened
from app.core.web.once_page import once_page
from app.core.web.pages import FormPage, Section
from app.core.web.principal import current
from app.core.web.record_doors import RecordDoors
from app.core.web.record_tools import came_by, tools
from app.core.web.sending import Sending, say
from app.core.web.show_page import show_page
from app.core.web.steering import business_date
from app.core.web.writing import Written, remove, storing


class EntityView(ListDoors, RecordDoors):
    """Base of the generated views; `entity` is set by `view_for`.

    Flask-AppBuilder registers it, names its permissions and checks them; forms, lists and files are ours,
    because its own load whole tables for every link and share filters between requests (see findings).
    """

    default_view = "list"

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        is_part = bool(request.headers.get("X-Partial") or "partial" in request.args)
        if not request.args and not is_part:
            opening = saved_views.opening(self.entity)
            if opening:
                return redirect(opening)
        listing = Listing(self.entity, request.args, current(), business_date())
        page = list_page(listing, web_session(), self.may)
        if is_part:
            is_tab = request.args.get("partial") == "tab"
            return render_template("generated/tab.html" if is_tab else "generated/_table.html", page=page)
        if current().may("can_menu", "SavedView"):
            page.views_url = f"/saved_view/menu/{self.slug}"
            page.view_name = saved_views.current_name(self.entity)
        page.upload_url = offers.upload_url(self.entity, current())
        return render_template("generated/list.html", page=page)

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        row = self.row(pk)
        page = show_page(self.entity, row, current(), business_date(), self.may)
        page.tools = tools(row, current())
        page.crumbs = [(page.crumbs[0][0], page.tools.list_url or page.crumbs[0][1])]
        return render_template("generated/show.html", page=page)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        self.need("add")
        fields = self._form_fields()
        model = self.row(request.args["copy"]) if "copy" in request.args and self.may("show") else None
        form = duplicates.form(fields, web_session(), model)
        if request.method == "GET":
            forms.suggest(form, {f.column.key: request.args.get(f.name, "") for f in fields})
        if form.validate_on_submit() and (saved := self._save(form, None, fields)) is not None:
            return self._added(saved)
        called, back = self._about(form)
        return self._form_page(form, fields, gettext("Add"), url_for(".add"), back, called)

    def _added(self, saved: Written) -> Any:
        """What follows the storing of a new row: its secret, word to the dialog, or the row itself."""
        if secret := once.told(saved.row):
            return once_page(saved.row, gettext("Saved"), secret)
        if creating.is_asked():
            return creating.added(saved.row)
        say(is_again=saved.is_again)
        return redirect(self._after(saved.id))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        self.need("edit")
        row, fields = self.own_row(pk), self._form_fields(is_new=False)
        called, opened = str(row), Opened.of(row, fields)
        marks = (drafts.draft() or request.form).get(OPENED)
        if marks is not None:
            opened = replace(opened, said=marks)
        form = forms.entity_form(fields, web_session(), row, more=reasons.inputs(self.entity))
        back, action, status = self._after(pk), url_for(".edit", pk=pk) + came_by(), None
        try:
            if (
                form.validate_on_submit()
                and (saved := self._save(form, row, fields, opened, marks is not None)) is not None
            ):
                if not saved.is_asked:
                    say(is_again=saved.is_again)
                return redirect(back)
        except ChangedMeanwhile as error:
            opened, status = opened.show_again(form, error), 409
        page, usual = self._form_page(form, fields, gettext("Edit"), action, back, called, opened.said)
        return page, status or usual

    def _about(self, form: Any) -> tuple[str, str]:
        """The name and the address of the record that a new row is about; else no name, and the list."""
        if self.entity.__scope__.is_of_author and "entity" in form and "row_id" in form:
            with suppress(OutOfScope):
                row = followed.target(web_session(), form["entity"].data, form["row_id"].data, current())
                return str(row), links.show_url(row.slug(), row.id)
        return "", self._list_url()

    def _after(self, pk: Any) -> str:
        """Where a row is seen once it is stored."""
        if self.entity.__scope__.is_of_author:
            return followed.url(self.row(pk))
        return links.show_url(self.slug, pk) if self.may("show") else self._list_url()

    def _form_fields(self, *, is_new: bool = True) -> Sequence[FieldInfo]:
        """The form's fields; a role that sees a value masked cannot write over it."""
        return [
            field
            for field in typed_fields(self.entity)
            if field.is_open_to(current()) and (is_new or not field.is_fixed)
        ]

    def _save(
        self,
        form: Any,
        row: Any,
        fields: Sequence[FieldInfo],
        opened: Opened | None = None,
        is_held: bool = False,
    ) -> Written | None:
        """Write what the person changed since the form was `opened`; None with the reason beside the field.

        Raises ChangedMeanwhile where the row `is_held` to be as it was then and no longer is.
        """
        touched = [
            field for field in fields if not (opened and opened.is_untouched(field, form[field.column.key]))
        ]
        try:
            values, held = forms.values(form, touched), opened if is_held else None
            why = reasons.input_of(form)
            written = write(self.entity, row, values, held, Sending.now(), why.data if why else None)
        except ChangedMeanwhile:
            raise
        except RuleError as error:
            _tell(form, error.field, str(error))
            return None
        for sentence in written.warnings:
            flash(sentence, "warning")
        return written

    def _form_page(
        self,
        form: Any,
        fields: Sequence[FieldInfo],
        verb: str,
        action: str,
        cancel: str,
        called: str = "",
        opened: str = "",
    ) -> Any:
        """The form; of a row that is there, under the name it is `called` and with the marks it was `opened` with."""
        settled = forms.settled(form, fields)
        creating.offer(form)
        for key, near in lookups.dependent(fields).items():
            form[key].near = near
        forms.tell_conditions(form, self.entity)
        filter_input.tell(form, fields)
        if creating.is_asked():
            creating.apart(form)
        names = {field.name: field.column.key for field in fields if field.column.key not in settled}
        sections = [
            Section(label, [form[names[name]] for name in columns.split() if name in names])
            for label, columns in self.entity.__screen__.form.items()
        ]
        if further := [form[one.column.key] for one in customs(self.entity) if one.column.key in form]:
            sections.append(Section(gettext("Further fields"), further))
        page = FormPage(
            title=f"{verb}: {singular(self.entity)}", sections=sections, action=action, cancel_url=cancel,
            csrf=form.csrf_token if "csrf_token" in form else None, errors=list(form.form_errors),
            hidden=[*settled.items(), *([(OPENED, opened)] if opened else [])],
            crumbs=[(entity_label(self.entity), self._list_url()), *([(called, cancel)] if called else [])],
            intro=field_changes.notice(web_session(), self.entity) if opened else None,
            reason=reasons.input_of(form),
        )  # fmt: skip
        template = "generated/new.html" if creating.is_asked() else "generated/form.html"
        return render_template(template, page=page), (422 if form.errors or form.form_errors else 200)

    def _list_url(self) -> str:
        return links.list_url(self.slug)

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> Any:
        self.need("delete")
        row = self.own_row(pk)
        back = followed.url(row) if self.entity.__scope__.is_of_author else self._list_url()
        try:
            reason = reasons.checked(request.form.get(reasons.NAME, "").strip())
            with storing(self.entity) as session:
                because(session, reason)
                remove(session, row)
        except RuleError as error:
            flash(str(error), "danger")
            return redirect(links.show_url(self.slug, pk))
        flash(gettext("Deleted"), "success")
        return redirect(back)

    @expose("/cell/<column>/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def cell(self, column: str, pk: str) -> Any:
        """One field of a row, to be changed where it stands in a list."""
        self.need("edit")
        named = (field for field in self._form_fields() if field.name == column and field.kind != "file")
        field = next(named, None)
        return cell(self.entity, self.own_row(pk), field or abort(404))


def _tell(form: Any, field: str | None, reason: str) -> None:
    """Put a refusal beside its field, else on top of the form."""
    if field and field in form:
        form[field].errors = [*form[field].errors, reason]
    else:
        form.form_errors.append(reason)


def view_for(entity: Any) -> type[EntityView]:
    """The view class of an entity, for Flask-AppBuilder to register."""
    return type(
        forms.view_name(entity),
        (EntityView,),
        {"entity": entity, "route_base": f"/{entity.slug()}", "class_permission_name": subject(entity)},
    )


def registered() -> list[type[EntityView]]:
    """A view class for each entity that has a screen."""
    return [view_for(cls) for cls in registry.entities() if links.is_shown(cls)]
