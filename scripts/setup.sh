#!/bin/sh
# Finds a Python that is new enough and hands over to scripts/setup.py.
set -eu
cd "$(dirname "$0")/.."

# Not 3.14 yet: coincurve (under bolt11) has no wheel for it and does not build everywhere.
for python in python3 python3.13 python3.12 python3.11 python; do
    if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        exec "$python" scripts/setup.py "$@"
    fi
done

echo 'setup: Python 3.11, 3.12 or 3.13 is needed, and none was found on PATH.' >&2
echo '  Debian, Ubuntu: sudo apt-get install python3 python3-pip' >&2
echo '  macOS: brew install python@3.13' >&2
exit 1
