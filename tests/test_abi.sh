#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The shared library exports the functions of osteon/session.h and no more: those of tests/abi.txt. Another list is
# another interface: raise OST_SESSION_VERSION unless functions were only added. Takes the path of osteon.
set -euo pipefail
library=$(dirname "$(realpath "$1")")/libosteon.so
cd "$(dirname "$0")"
diff abi.txt <(nm -D --defined-only "$library" | awk '{ print $NF }' | LC_ALL=C sort)
diff abi.txt <(grep -ohE '\bost_[a-z_]+\(' ../include/osteon/session.h | tr -d '(' | LC_ALL=C sort -u)
version=$(awk '$2 == "OST_SESSION_VERSION" { print $3 }' ../include/osteon/session.h)
readelf -d "$library" | grep -F "soname: [libosteon.so.$version]" >/dev/null || {
    echo "test_abi: the name of libosteon.so does not end in $version" >&2
    exit 1
}
