#!/usr/bin/env bash
# Installs a Debian package that a target needs and the machine has not.
#   need.sh COMMAND PACKAGE      when COMMAND is not on the PATH
#   need.sh --package PACKAGE    always
set -euo pipefail

package=$2
if [[ $1 != --package ]] && command -v "$1" >/dev/null; then
    exit 0
fi
if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "need: please install $package (as root on Debian: apt-get install $package) and try again" >&2
    exit 1
fi
echo "need: installing $package"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install --yes --no-install-recommends "$package"; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    exit 1
fi
