# Removes the replaced bundle, file by file. What is not known to be of it goes to the new one, and
# nothing else is ever removed.
# $1: the folder of the bundle; then the names of the files that the old one consisted of
folder=$1
shift
old=${folder%/*}/.${folder##*/}.replaced
[ -d "$old" ] && [ ! -L "$old" ] || exit 0
trap '' HUP INT PIPE TERM

rm -f -- "$old/.deploying"
for name in "$@"; do
    if [ -e "$folder/model.json" ]; then rm -f -- "$old/$name"; fi
done
# $1: a folder of the old bundle, $2: that of the new one
bring() {
    [ -d "$1" ] && [ ! -L "$1" ] || return 0
    for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        place=$2/${entry##*/}
        if [ ! -e "$entry" ] && [ ! -L "$entry" ]; then continue; fi
        if [ ! -e "$place" ] && [ ! -L "$place" ]; then
            mkdir -p -- "$2" && mv -T -- "$entry" "$place"
        elif [ -d "$entry" ] && [ ! -L "$entry" ] && [ -d "$place" ]; then
            bring "$entry" "$place"
        elif [ "$entry" -ef "$place" ] || cmp -s -- "$entry" "$place"; then
            rm -f -- "$entry"
        fi
    done
    rmdir -- "$1" 2>/dev/null
}
bring "$old" "$folder"
if [ -e "$old" ]; then echo "@left $old"; fi
exit 0
