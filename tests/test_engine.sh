#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The rooms below the session compile without a warning and without GSL, HDF5, ISA-L and OpenMP, and their objects need
# none of them but for the reference methods of GSL: so a page in the browser can be built of them. Takes the path of
# osteon.
set -euo pipefail
build=$(dirname "$(realpath "$1")")
cd "$(dirname "$0")/.."
rooms=(core lang solve input plan cohort session)
[[ ! -d src/observe ]] || rooms+=(observe)
foreign='/(gsl|hdf5|isa-l)/|/(hdf5|omp|igzip_lib)\.h'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mapfile -t sources < <(find "${rooms[@]/#/src/}" -name '*.c')
printf '%s\n' "${sources[@]}" | xargs -P 2 -I{} sh -c \
    'gcc -std=gnu11 -D_GNU_SOURCE -DOST_ISA=base -Iinclude -Isrc -fsyntax-only -Wall -Wextra -Werror -Wno-psabi \
        -MD -MF "$1/$$.d" "$2"' \
    - "$work" {}
[[ $(find "$work" -name '*.d' | wc -l) == "${#sources[@]}" ]]
if grep -lE "$foreign" "$work"/*.d | xargs -r grep -hoE "^ *src/[^ ]*\.c|[^ ]*($foreign)[^ ]*"; then
    echo "test_engine: foreign headers above" >&2
    exit 1
fi

mapfile -t objects < <(find "$build" -path "*/ost_*.dir/src/*.c.o" ! -name '*_lanes.c.o' ! -path '*/solve/gsl.c.o' |
    grep -E "/src/($(IFS='|' && echo "${rooms[*]}"))/")
((${#objects[@]} > 50))
if nm -A --undefined-only "${objects[@]}" | grep -E ' U (gsl_|H5|isal_)'; then
    echo "test_engine: foreign functions above" >&2
    exit 1
fi
