#!/bin/sh
# Installs one peer of the benchmark into an environment of its own: install_peer.sh NAME FOLDER UV PYTHON
set -eu
name=$1 home=$2 uv=$3 python=$4
source=$(cd "$(dirname "$0")/.." && pwd)/tests/bench/peers/$name
rm -rf "$home"
mkdir -p "$home"
if [ -e "$source/requirements.lock" ]; then
  "$uv" venv --quiet --clear --python "$python" "$home"
  "$uv" pip install --quiet --python "$home/bin/python" --require-hashes -r "$source/requirements.lock"
  exit 0
fi
if ! { command -v node && command -v npm; } >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null || true
fi
if ! { command -v node && command -v npm; } >/dev/null; then
  echo "node is missing: sudo apt-get install -y --no-install-recommends nodejs npm" | tee "$home/reason.txt" >&2
  exit 0
fi
cp "$source/package.json" "$source/package-lock.json" "$home"
(cd "$home" && npm ci --silent --no-audit --no-fund --ignore-scripts)
