"""What `make bench` measures. numpy is imported here, first of all, as `headlong` imports it."""

from repl.__main__ import import_numpy

import_numpy()
