#!/bin/sh
# Finds a Python that is new enough and hands over to scripts/setup.py.
set -eu
cd "$(dirname "$0")/.."

for python in python3 python3.13 python3.12 python3.11 python3.14 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" scripts/setup.py "$@"
    fi
done

echo 'setup: Python 3.11 or later is needed, and none was found on PATH.' >&2
echo '       Debian, Ubuntu: sudo apt-get install python3 python3-pip   macOS: brew install python' >&2
exit 1
