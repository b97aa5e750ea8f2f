#!/usr/bin/env bash
# Installs what the tests need from Debian when it is missing: a browser, a PostgreSQL server, and ICU with a C++ compiler
# for the screening extra, Node for the hub's JavaScript client, and git-lfs.
set -euo pipefail
missing=()
command -v chromium >/dev/null || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
dpkg -s libicu-dev >/dev/null 2>&1 || missing+=(libicu-dev)
dpkg -s g++ >/dev/null 2>&1 || missing+=(g++)
dpkg -s pkg-config >/dev/null 2>&1 || dpkg -s pkgconf >/dev/null 2>&1 || missing+=(pkg-config)
dpkg -s python3-dev >/dev/null 2>&1 || missing+=(python3-dev)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v git-lfs >/dev/null || missing+=(git-lfs)
[ ${#missing[@]} -eq 0 ] && exit 0
echo "installing system packages for the tests: ${missing[*]}"
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
