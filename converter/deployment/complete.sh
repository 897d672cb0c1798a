# Checks a file that was received, and gives it its name.
# $1: the folder, $2: its sha256, $3: its name
part=$1/$2.part
found=$(sha256sum <"$part") || exit
if [ "$found" != "$2  -" ]; then
    rm -f -- "$part"
    echo "@differs $found"
    exit 0
fi
case $3 in */*) mkdir -p -- "$1/${3%/*}" || exit ;; esac
mv -f -- "$part" "$1/$3" && echo "@complete"
