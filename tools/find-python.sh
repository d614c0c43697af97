#!/bin/sh
# Prints the path of a Python 3.12 or newer, or one sentence that says where it looked and what to do.
# Version managers often have one installed that is not activated, so their folders are searched as well.
set -u
good() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }
candidates() {
    [ -n "${DRDRILL_PYTHON:-}" ] && echo "$DRDRILL_PYTHON"
    for name in python3.13 python3.12 python3.14 python3 python; do
        command -v "$name" 2>/dev/null
    done
    for pattern in \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.13*/bin/python3" \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.12*/bin/python3" \
        "$HOME/.local/share/uv/python/cpython-3.1[234]*/bin/python3" \
        "${ASDF_DATA_DIR:-$HOME/.asdf}/installs/python/3.1[234]*/bin/python3" \
        "$HOME/.local/share/mise/installs/python/3.1[234]*/bin/python3" \
        "$HOME/miniconda3/envs/*/bin/python3" "$HOME/.conda/envs/*/bin/python3" \
        "/opt/python/*/bin/python3" "/usr/local/bin/python3.1[234]"; do
        for found in $pattern; do [ -x "$found" ] && echo "$found"; done
    done
}
IFS='
'
for python in $(candidates); do
    if good "$python"; then
        echo "$python"
        exit 0
    fi
done
echo "nothing was set up: drdrill needs Python 3.12 or newer, and none was found on PATH or among pyenv, uv, asdf, mise and conda installations; install one (for example: pyenv install 3.13) or set DRDRILL_PYTHON=/path/to/python3.12" >&2
exit 4
