#!/bin/sh
# Installs Debian or Ubuntu packages, as root or where sudo asks no password; fails quietly elsewhere.
command -v apt-get >/dev/null || exit 1
if [ "$(id -u)" -eq 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else exit 1; fi
echo "Installing the system packages $*"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && exit 0
$as_root apt-get update -qq >/dev/null 2>&1
$as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
