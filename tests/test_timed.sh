#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# scripts/timed: minutes and notes of each part, printed once by the outermost script, also where a part fails.
set -uo pipefail
timed=$(dirname "$(realpath "$0")")/../scripts/timed
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/inner" <<INNER
set -euo pipefail
. "$timed"
counted() { note="3 of 3"; }
timed inner counted
timed broken false
echo "not reached"
INNER
cat >"$folder/outer" <<OUTER
set -euo pipefail
. "$timed"
timed first true
bash "$folder/inner"
OUTER
unset OST_MINUTES # of the script that runs the tests
found=$(bash "$folder/outer")
code=$?
expected='
minutes
  first              0.0
  inner              0.0  3 of 3
  broken             0.0  FAILED
  all                0.0'
[[ $code -eq 1 ]] || { echo "exit code $code, not 1" && exit 1; }
diff <(echo "$expected") <(echo "$found")
