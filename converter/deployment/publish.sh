# Puts the new bundle in the place of the old one, in one step where the file system can.
# $1: the folder that was written, $2: that of the bundle, $3: folders in it of which all is kept;
# then name and sha256 of each new file
staging=$1 folder=$2 kept=$3
shift 3
old=${folder%/*}/.${folder##*/}.replaced
trap '' HUP INT PIPE TERM # from here on it is brought to its end

# A second name of the file, or a copy on file systems without such.
put() {
    mkdir -p -- "${2%/*}" || return
    ln -f -- "$1" "$2" 2>/dev/null || cp -p -- "$1" "$2"
}
# Whatever is in the first folder and not in the second; links are left to tidy.sh.
keep() {
    for file in "$1"/*; do
        if [ -f "$file" ] && [ ! -L "$file" ] && [ ! -e "$2/${file##*/}" ]; then
            put "$file" "$2/${file##*/}" || return
        fi
    done
}

names='
'
hashes=
while [ $# -gt 1 ]; do
    names="$names$1
"
    hashes="$hashes$2  $1
"
    [ -e "$staging/$1" ] || put "$folder/$1" "$staging/$1" || exit
    shift 2
done
# What an earlier call left, of another bundle.
rm -rf -- "$staging/engines"
for file in "$staging"/* "$staging"/report/* "$staging"/.pictures/*; do
    case $names in
    *"
${file#"$staging"/}
"*) ;;
    *) if [ -f "$file" ] || [ -L "$file" ]; then rm -f -- "$file"; fi ;;
    esac
done
for name in $kept; do keep "$folder/$name" "$staging/$name" || exit; done
sync -- "$staging"/* "$staging"/*/* 2>/dev/null || sync

# Another deploy to this folder may have changed something since it was looked at.
if ! (cd -- "$staging" && printf %s "$hashes" | sha256sum -c - >/dev/null 2>&1); then
    echo "files were changed meanwhile: is another deploy to this folder running?" >&2
    exit 1
fi

# Before coreutils 9.5 mv cannot exchange, but Linux can: the number of renameat2.
exchange() {
    mv -T --exchange -- "$1" "$2" 2>/dev/null && return
    case $(uname -m) in
    x86_64) number=316 ;;
    aarch64) number=276 ;;
    *) return 1 ;;
    esac
    perl -e 'exit(syscall($ARGV[0] + 0, -100, $ARGV[1], -100, $ARGV[2], 2) == 0 ? 0 : 1)' \
        "$number" "$1" "$2" 2>/dev/null
}

rm -f -- "$staging/.deploying"
if [ ! -f "$folder/model.json" ]; then
    mv -T -- "$staging" "$folder" || exit
elif exchange "$staging" "$folder"; then
    mv -T -- "$staging" "$old" || exit
else
    mv -T -- "$folder" "$old" || exit
    if ! mv -T -- "$staging" "$folder"; then
        mv -T -- "$old" "$folder"
        exit 1
    fi
fi
echo "@published"
