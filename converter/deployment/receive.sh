# Appends the input to a file that is not complete; complete.sh comes behind it.
# $1: the folder, $2: the sha256 that the file will have, $3: its name, $4: the bytes that are there,
# $5: those that it will have
part=$1/$2.part
[ -e "$part" ] || : >"$part" || exit
if [ "$(wc -c <"$part")" -ne "$4" ]; then
    echo "it has another length than a moment ago: is another deploy running?" >&2
    exit 1
fi
cat >>"$part" || exit
if [ "$(wc -c <"$part")" -lt "$5" ]; then # the connection broke, and what is there is kept
    echo "it is not complete" >&2
    exit 1
fi
