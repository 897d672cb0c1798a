# Where each file of the new bundle is by now, found by its hash.
# $1: the folder to write into, $2: that of the bundle; then name and sha256 of each file
staging=$1 folder=$2
shift 2
missing=
has() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]; }
while [ $# -gt 1 ]; do
    part=$staging/$2.part
    if has "$staging/$1" "$2"; then
        echo "@staged"
        missing=1
        shift 2
        continue
    fi
    rm -f -- "$staging/$1" # of an earlier bundle
    if has "$folder/$1" "$2"; then
        echo "@there"
    else
        missing=1
        if [ -f "$part" ]; then echo "@part $(wc -c <"$part")"; else echo "@part 0"; fi
    fi
    shift 2
done
if [ -n "$missing" ]; then mkdir -p -- "$staging" && : >"$staging/.deploying"; fi
