# Appends the input to a file that is not complete.
# $1: the folder, $2: the sha256 that the file will have, $3: the bytes that are there
part=$1/$2.part
[ -e "$part" ] || : >"$part" || exit
if [ "$(wc -c <"$part")" -ne "$3" ]; then
    echo "$part has another length than a moment ago: is another deploy running?" >&2
    exit 1
fi
exec cat >>"$part"
