#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install` leaves is enough for a user without the source tree: the program finds its experiments, and
# pkg-config says how to compile and link with the library, shared and static. Takes the path of osteon.
set -euo pipefail
build=$(dirname "$(realpath "$1")")
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

fail() {
    echo "test_install: $*" >&2
    exit 1
}

cmake --install "$build" --prefix "$prefix" >/dev/null
lib=$(dirname "$(find "$prefix" -name libosteon.a)")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib
mkdir "$prefix/empty"
cd "$prefix/empty"
../bin/osteon run atac --subjects 64 --quiet -o atac.h5
../bin/osteon show atac.h5 | grep '64 subjects' >/dev/null || fail "osteon show does not say 64 subjects"

prefix_models=../share/osteon/models
../bin/osteon list models | grep -x models/published/jorg2022 >/dev/null || fail "osteon list models has no heading per folder"
[[ -s $prefix_models/drugs/anastrozole.md ]] || fail "the sheet of anastrozole is not installed"
diff <(../bin/osteon model anastrozole) <(../bin/osteon model $prefix_models/drugs/anastrozole.model) |
    grep '^[<>]' | grep -v '^. kind drug, ' && fail "the installed anastrozole.model is not the built-in one"

man1=$(find "$prefix" -path '*/man/man1/osteon.1')
cmp "$man1" <(../bin/osteon list man) || fail "the installed manual page is not the one that osteon prints"
cmp "$prefix"/share/bash-completion/completions/osteon <(../bin/osteon list bash) || fail "no completion for bash"

cat >user.c <<'C'
#include <osteon/version.h>
#include <stdio.h>
int main(void)
{
    puts(OST_VERSION);
    return 0;
}
C
expected=$(pkg-config --modversion osteon)

read -ra shared < <(pkg-config --cflags --libs osteon)
cc -std=c11 -Wall -Werror user.c -o user -Wl,--no-as-needed "${shared[@]}"
[[ $(./user) == "$expected" ]] || fail "the shared library's user prints '$(./user)', not '$expected'"
readelf -d user | grep 'NEEDED.*libosteon\.so\.[0-9]' >/dev/null || fail "the shared library's name has no version"

rm "$lib"/libosteon.so*
read -ra static < <(pkg-config --static --cflags --libs osteon)
cc -std=c11 -Wall -Werror user.c -o user "${static[@]}"
[[ $(./user) == "$expected" ]] || fail "the static library's user prints '$(./user)', not '$expected'"
