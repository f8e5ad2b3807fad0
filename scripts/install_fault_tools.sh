#!/bin/sh
# What some faults of `make faults` are injected with. Where one cannot be installed, its faults are skipped and say so.
missing=""
for tool in strace:strace faketime:faketime iptables:iptables openssl:openssl mkfs.ext4:e2fsprogs; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
[ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0
apt-get update -qq || exit 0
# shellcheck disable=SC2086  # a list of package names
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || true
