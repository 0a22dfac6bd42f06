"""Start of the reading process: `python -I <this file> <request>`.

The packages above this one load the whole product when they are imported. The process needs none of
it, so they are stood in for by empty packages that only know their directory.
"""

import sys
from pathlib import Path
from types import ModuleType

here = Path(__file__).resolve().parent
for name, directory in (
    ("app", here.parents[2]),
    ("app.core", here.parents[1]),
    ("app.core.sheets", here.parent),
):
    package = ModuleType(name)
    package.__path__ = [str(directory)]
    sys.modules[name] = package

from app.core.sheets.reader.main import main  # noqa: E402

main(sys.argv[1])
