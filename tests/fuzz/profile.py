"""How deep the fuzzing goes: a slice in ``make test``, as deep as one likes in ``make fuzz``."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "40"))

FUZZ: Final = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
    deadline=None,
    database=None,
    print_blob=True,
    # A server or a database serves all examples of one test.
    suppress_health_check=list(HealthCheck),
)
