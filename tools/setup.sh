#!/bin/sh
# Makes .venv from the hashed locks, says what it is doing, and does nothing at all when nothing has changed.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.locked
digest=$(cat requirements.lock tools/uv.lock.txt pyproject.toml | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest $(pwd)" ] && [ -x .venv/bin/drdrill ]; then
    exit 0
fi
python=$(tools/find-python.sh)
echo "set-up 1/3: $("$python" --version) at $python"
# A virtual environment that another interpreter made, or that was moved here, is made anew.
rm -f "$stamp"
if ! "$python" -m venv --clear .venv/bootstrap; then
    echo "nothing was set up: $python cannot make virtual environments; on Debian and Ubuntu install the package python3-venv" >&2
    exit 4
fi
echo "set-up 2/3: uv, from tools/uv.lock.txt (hashes checked)"
.venv/bootstrap/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/uv.lock.txt
echo "set-up 3/3: $(grep -c '^[a-z]' requirements.lock) packages, from requirements.lock (hashes checked)"
# A bank's network often has its own certificate authority, which only the system's store knows.
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE="${UV_LINK_MODE:-copy}" UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
uv=.venv/bootstrap/bin/uv
[ -x .venv/bin/python ] && cmp -s .venv/.interpreter - <<EOT || { "$uv" venv --quiet --allow-existing --python "$python" .venv; echo "$python" > .venv/.interpreter; }
$python
EOT
"$uv" pip sync --python .venv/bin/python --require-hashes requirements.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --offline --editable .
echo "$digest $(pwd)" > "$stamp"
