#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A model is added by files in models/ alone, a text and its sheet in a folder; names are unique. In src no identifier and
# no string of one word holds a model's name, but for `hormones`, a word of the notation. Comments and sentences for
# people may name a model.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
names=$(find models -name '*.model' -exec basename -s .model {} + | grep -vxE 'signals|hormones' | paste -sd'|')

named_in() { # named_in FILE...: the words that name a model, a line each
    local file
    for file in "$@"; do
        gcc -fpreprocessed -dD -E -P -x c "$file" 2>/dev/null | grep -oE '"([^"\\]|\\.)*"|[[:alnum:]_]+' |
            grep -v '[[:space:]]' | grep -E "(^|[^[:alnum:]])($names)([^[:alnum:]]|\$)" | sed "s|^|$file: |"
    done
}

wrong=$(
    find models -name '*.model' | while read -r model; do
        name=$(basename "$model" .model)
        [[ $(head -1 "${model%.model}.md" 2>/dev/null) == "# "* ]] || echo "$model: no sheet ${model%.model}.md beside it"
        [[ $model == */*/* || $name == signals ]] || echo "$model: is in no folder"
    done
    find models -name '*.model' -exec basename -a {} + | sort | uniq -d | sed 's/$/: two models of this name/'
)
[[ -z $wrong ]] || { echo "$wrong"; exit 1; }

command -v gcc >/dev/null || exit 77
probe=$(mktemp --suffix=.c)
trap 'rm -f "$probe"' EXIT
for name in ${names//|/ }; do # the search must be able to find each: as an identifier and as a string
    printf '/* %s */\nint %s_is_here = is("%s") + say("of %s here");\n' "$name" "$name" "$name" "$name"
done >"$probe"
[[ $(named_in "$probe" | wc -l) -eq $(wc -l <"$probe") ]] || { echo "the search misses names"; exit 1; }
mapfile -t files < <(find src include -name '*.[ch]' | sort)
found=$(named_in "${files[@]}")
[[ -z $found ]] || { echo "$found"; exit 1; }
