"""What the how-to pages tell people to write works as written."""

import re
import subprocess
import sys

import pytest

from tests.rules.source import ROOT

PAGE = ROOT / "docs/howto/add-an-entity.md"
# In a process of its own: an entity once declared cannot be taken back.
CHECK = """
import app.models
from sqlalchemy import inspect
from app.core import registry

entity = registry.entity("lorry")
mapped = inspect(entity)
known = set(mapped.columns.keys()) | set(mapped.relationships.keys())
screen = entity.__screen__
named = {*screen.columns("list"), *screen.form_columns, *screen.columns("search")}
print(sorted(named - known), mapped.columns["branch_lft"].info, screen.title)
print(entity(id=2, plate="AA 1234 BB"))
"""


def test_the_entity_of_the_page_is_declared_with_its_screen_scope_and_name() -> None:
    [said] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    # under another name, as whoever follows the page has this one
    code = said.replace("Vehicle", "Lorry")
    done = subprocess.run(
        [sys.executable, "-c", f"import app.models\n{code}\n{CHECK}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[] {'kind': 'scope_key'} Lorrys\nAA 1234 BB\n"


@pytest.mark.parametrize(
    "page", ["README.md", *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/**/*.md")))]
)
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not ((ROOT / page).parent / target).exists()] == []
