#!/bin/sh
# The tests use a real OpenSSH server, a real PostgreSQL and curl. Installs what is missing, or says how.
set -eu
missing=""
[ -x /usr/sbin/sshd ] || command -v sshd >/dev/null || missing="$missing openssh-server"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
for tool in curl:curl ssh-keygen:openssh-client; do
  command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # No service starts: the tests run their own on spare ports.
  printf '#!/bin/sh\nexit 101\n' > /tmp/claimwire-policy.$$ && chmod +x /tmp/claimwire-policy.$$
  [ -e /usr/sbin/policy-rc.d ] || { cp /tmp/claimwire-policy.$$ /usr/sbin/policy-rc.d; placed=1; }
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of package names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  [ -z "${placed:-}" ] || rm -f /usr/sbin/policy-rc.d
  rm -f /tmp/claimwire-policy.$$
else
  echo "The tests need:$missing. Run: sudo apt-get install -y --no-install-recommends$missing" >&2
  exit 2
fi
