"""Which values are a person's follows from the declarations of entities."""

import app.models  # noqa: F401  all declarations
from app.core import registry
from app.core.persons import private


def test_every_entity_with_a_person_says_what_is_personal_and_can_be_emptied() -> None:
    known = {cls.slug(): own for cls in registry.entities() if (own := private(cls))}
    assert {slug: set(own.columns) for slug, own in known.items() if own.columns} == {
        "customer": {"name", "identity_number", "born_on", "remark"}, "phone": {"number", "holder"}, "address": {"house"},
        "customer_link": {"name", "phone"}, "contact_note": {"place", "text"}, "message": {"phone", "text"},
    }  # fmt: skip
    assert known["loan"].is_open
    for cls in registry.entities():
        own = private(cls)
        if own and not cls.__goes_with_person__:
            kept = [cls.__table__.c[name] for name in own.columns if not cls.__table__.c[name].nullable]
            assert all(column.type.python_type is str for column in kept), cls.slug()
        if own and own.columns and cls.__history__:
            assert own.is_certain, f"{cls.slug()}: a row without its person would be kept as it is"
