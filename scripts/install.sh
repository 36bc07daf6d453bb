#!/bin/sh
# install.sh PYTHON VENV STAMP: a virtual environment with exactly what requirements.lock names.
set -eu
python=$1 venv=$2 stamp=$3

fail() {
    echo "$1" >&2
    exit 1
}

if [ -e "$stamp" ] && cmp -s requirements.lock "$stamp"; then
    touch "$stamp"
    exit 0
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "Bookend needs Python 3.11 or newer, and \"$python\" is not: name one, as in \`make run PYTHON=python3.12\`."
if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv" >/dev/null 2>&1 ||
        fail "\"$python\" cannot make a virtual environment: on Debian and Ubuntu, install the package python3-venv."
fi
echo "Installing what requirements.lock names …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock >"$log" 2>&1 || {
    cp "$log" "$venv/install.log"
    fail "The packages of requirements.lock could not be installed: is the package registry reachable? See $venv/install.log."
}
cp requirements.lock "$stamp"
