#!/bin/sh
# Makes .venv with uv in it. On a Debian machine without the venv module it installs that first.
set -eu
python=$1
"$python" - <<'CHECK' || { echo "Claimwire needs Python 3.11 or newer as $python (say: make PYTHON=/path/to/python3.11 ...)" >&2; exit 2; }
import sys
sys.exit(sys.version_info < (3, 11))
CHECK
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  else
    echo "The venv module of $python is missing. Run: sudo apt-get install -y python3-venv" >&2
    exit 2
  fi
fi
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
