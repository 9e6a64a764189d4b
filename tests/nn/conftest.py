"""Networks are compiled as users compile them: how numbers are rounded is tested here."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="module")
def as_users_do(optimised: None) -> None:
    """Compile with all optimisations."""
