#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A model is added by files in models/ alone, a text and its sheet in a folder; names are unique. In src no identifier and
# no string of one word holds a model's name, but for `hormones`, a word of the notation. Comments and sentences for
# people may name a model. models/signals.md names exactly the models that drive and read each signal.
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
        sheet=${model%.model}.md
        if [[ ! -f $sheet ]]; then
            echo "$model: no sheet $sheet beside it"
        elif [[ $(head -1 "$sheet") != "# "* ]]; then
            echo "$sheet:1: a sheet begins with a title, as in '# $name'"
        fi
        [[ $model == */*/* || $name == signals ]] || echo "$model: is in no folder"
    done
    find models -name '*.model' -exec basename -a {} + | sort | uniq -d | sed 's/$/: two models of this name/'
)
[[ -z $wrong ]] || { echo "$wrong"; exit 1; }

wrong=$(
    find models -name '*.model' ! -name signals.model -print0 | sort -z | xargs -0 awk -F'|' '
        FILENAME == "models/signals.md" {
            if ($0 !~ /^\| `/) next
            n = split($2, part, "`")
            for (i = 2; i <= n; i += 2) { sub(/\[.*/, "", part[i]); row[part[i]] = FNR }
            for (verb in column) {
                gsub(/\([^)]*\)/, "", $column[verb])
                n = split($column[verb], part, ",")
                for (i = 1; i <= n; i++) {
                    gsub(/ /, "", part[i])
                    if (part[i] != "anexperiment") named[FNR, verb, part[i]] = FNR ": no signal of this row is one that " \
                        part[i] " " verb
                }
            }
            next
        }
        /^(drives|reads) / {
            verb = $0; sub(/ .*/, "", verb)
            list = $0; sub(/^[a-z]* (also )?/, "", list); gsub(/\[[^]]*\]/, "", list); sub(/ *[=#].*/, "", list); gsub(/ /, "", list)
            model = FILENAME; sub(/.*\//, "", model); sub(/\.model$/, "", model)
            n = split(list, part, ",")
            for (i = 1; i <= n; i++)
                if ((row[part[i]], verb, model) in named) found[row[part[i]], verb, model] = 1
                else print FILENAME ":" FNR ": models/signals.md does not say that " model " " verb " " part[i]
        }
        BEGIN { column["drives"] = 4; column["reads"] = 5 }
        END { for (key in named) if (!(key in found)) print "models/signals.md:" named[key] }' models/signals.md
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
