#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install` leaves is enough for a user without the source tree: the program finds its experiments, figures
# their evidence, and pkg-config and find_package say how to compile and link with the library, shared and static, from C and C++. Takes the path of osteon.
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
../bin/osteon run atac --subjects 64 -o atac.h5 2>/dev/null >printed
tail -1 printed | grep -x " *$prefix/bin/osteon-plot atac.h5" >/dev/null || fail "run does not name osteon-plot: $(tail -1 printed)"
../bin/osteon show atac.h5 | grep '64 subjects' >/dev/null || fail "osteon show does not say 64 subjects"
if /usr/bin/python3 -c "import h5py, matplotlib, numpy, yaml" 2>/dev/null; then
    "$prefix"/bin/osteon-plot atac.h5 2>message || fail "osteon-plot ends with $?"
    [[ -s atac.png && ! -s message ]] || fail "osteon-plot says '$(cat message)'" # of evidence that is not installed
fi
rm "$prefix"/bin/osteon-plot
! ../bin/osteon run menopause --subjects 2 -o m.h5 2>/dev/null | grep plot || fail "run names an osteon-plot that is not there"

prefix_models=../share/osteon/models
../bin/osteon list models | grep -x models/published/jorg2022 >/dev/null || fail "osteon list models has no heading per folder"
[[ -s $prefix_models/drugs/anastrozole.md ]] || fail "the sheet of anastrozole is not installed"
diff <(../bin/osteon model anastrozole) <(../bin/osteon model $prefix_models/drugs/anastrozole.model) |
    grep '^[<>]' | grep -v '^. kind drug, ' && fail "the installed anastrozole.model is not the built-in one"

[[ $(../bin/osteon list populations | wc -l) == $(find ../share/osteon/configs/populations -name '*.yaml' | wc -l) ]] ||
    fail "the ready populations are not installed"

man1=$(find "$prefix" -path '*/man/man1/osteon.1')
cmp "$man1" <(../bin/osteon list man) || fail "the installed manual page is not the one that osteon prints"
cmp "$prefix"/share/bash-completion/completions/osteon <(../bin/osteon list bash) || fail "no completion for bash"

if /usr/bin/python3 -c "import numpy" 2>/dev/null; then
    package=$(dirname "$(dirname "$(find "$prefix" -path '*/osteon/_library.py')")")
    said=$(env -u OSTEON_LIBRARY PYTHONPATH="$package" /usr/bin/python3 -c 'import osteon
print(osteon.run("atac", subjects=2, outputs="[ctx]", times="[1 day]")["ctx"].shape, osteon._library.path)')
    [[ $said == "(4, 2, 1) $lib/libosteon.so."* ]] || fail "the Python package prints '$said'"
fi

# A user's program: medians by arm as numpy has them from the file of the command, for each language, library and way
# to find it.
experiment=$(find "$prefix" -path '*/configs/atac.yaml')
set=(population.subjects=50 'times={to: 2 year, every: 1 year}' 'outputs=[bmd]')
../bin/osteon run "$experiment" "${set[@]/#/--set=}" --set results.precision=float64 --quiet -o user.h5
expected=$(/usr/bin/python3 - <<'PY'
import h5py, numpy
with h5py.File("user.h5") as f:
    bmd = f["bmd"][:, list(f["site"].asstr()).index("total_hip")]
    for arm, change in zip(f["arm"].asstr(), 100 * (bmd[..., -1] / bmd[..., 0] - 1)):
        print(f"{arm} {numpy.median(change):.10f}")
PY
)
source=$(find "$prefix" -name bmd.c)
check() { # check PROGRAM
    local printed
    printed=$("$1" "$experiment" "${set[@]}") || fail "$1 ends with $?"
    [[ $("$1" 2>&1) == "Usage: $1 EXPERIMENT.yaml [PATH=VALUE...]" ]] || fail "$1 without arguments prints no usage"
    [[ $printed == "$expected" ]] || fail "$1 prints"$'\n'"$printed"$'\n'"not"$'\n'"$expected"
}
with_pkg_config() { # with_pkg_config NAME [--static]
    local flags
    read -ra flags < <(pkg-config "${@:2}" --cflags --libs osteon)
    cc -std=c11 -Wall -Wextra -Werror "$source" -o "$1_c" "${flags[@]}"
    g++ -Wall -Wextra -Werror -x c++ "$source" -x none -o "$1_cpp" "${flags[@]}"
    check "./$1_c"
    check "./$1_cpp"
}
with_cmake() { # with_cmake LANGUAGE SUFFIX
    mkdir "$1"
    cp "$source" "$1/bmd.$2"
    cat >"$1/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES $1)
find_package(osteon $(pkg-config --modversion osteon) REQUIRED)
add_executable(shared bmd.$2)
target_link_libraries(shared osteon::osteon)
add_executable(static bmd.$2)
target_link_libraries(static osteon::osteon_static)
CMAKE
    cmake -S "$1" -B "$1/build" -DCMAKE_PREFIX_PATH="$prefix" >cmake.log && cmake --build "$1/build" >>cmake.log ||
        fail "$(cat cmake.log)"
    check "$1/build/shared"
    check "$1/build/static"
}
with_cmake C c
with_cmake CXX cpp
with_pkg_config shared
readelf -d shared_c | grep 'NEEDED.*libosteon\.so\.[0-9]' >/dev/null || fail "the shared library's name has no version"
! ./shared_c no_such.yaml 2>message || fail "bmd passes over a file that is not there"
grep 'no_such.yaml' message >/dev/null || fail "bmd says '$(cat message)' of a file that is not there"
rm "$lib"/libosteon.so*
with_pkg_config static --static
