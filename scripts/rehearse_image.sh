#!/bin/sh
# The Dockerfile's steps without Docker: the same commands in an empty folder, then the health check.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-python3}
work=$(mktemp -d)
place=$work/opt
served=
cleanup() { [ -z "$served" ] || kill "$served" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT INT TERM

mkdir "$work/build" && cd "$work/build"
"$python" -m venv "$place" && "$place"/bin/pip install --quiet --disable-pip-version-check uv
for path in $(sed -n 's/^COPY \([^-].*\) [^ ]*$/\1/p' "$root/Dockerfile"); do cp -R "$root/$path" .; done
"$place"/bin/uv pip install --quiet --python "$place"/bin/python --require-hashes -r requirements.lock -r requirements-postgres.lock
"$place"/bin/uv build --quiet --wheel --out-dir dist .
"$place"/bin/uv pip install --quiet --python "$place"/bin/python --no-deps dist/*.whl
"$place"/bin/uv pip uninstall --quiet --python "$place"/bin/python uv pip

cd "$work"
export CLAIMWIRE_HOME="$work/home"
"$place"/bin/claimwire serve --host 127.0.0.1 --port 0 2>"$work/log" &
served=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  port=$(sed -n 's/.*"server.started".*"port": \([0-9]*\).*/\1/p' "$work/log")
  [ -n "$port" ] && break
  sleep 0.5
done
[ -n "$port" ] || { echo "the gateway did not start:" >&2; cat "$work/log" >&2; exit 1; }
"$place"/bin/python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/readyz', timeout=2)"
[ -z "$(ls "$place"/bin | grep -E '^(pip|uv|gcc)' || true)" ] || { echo "an installer is left in the image" >&2; exit 1; }
echo "the image's steps work: $(du -sm "$place" | cut -f1) MB, ready on port $port"
