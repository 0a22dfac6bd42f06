"""Directories for data: not pytest's own, whose parents it keeps closed to the servers' account."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def made() -> Iterator[Path]:
    """A directory with a short path, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="loandesk-", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory for one test."""
    with made() as path:
        yield path


@pytest.fixture(scope="module")
def shared_place() -> Iterator[Path]:
    """A directory for the tests of a module."""
    with made() as path:
        yield path


@pytest.fixture(scope="module")
def second_place() -> Iterator[Path]:
    """Another one."""
    with made() as path:
        yield path
