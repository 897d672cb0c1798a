# What is at a folder, so that nothing is copied that is there already, or that cannot be used.
# $1: the folder
folder=$1
case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
if [ -d "$folder" ]; then folder=$(CDPATH='' cd -- "$folder" && pwd -P) || exit; fi
name=${folder##*/} parent=${folder%/*}
[ -n "$parent" ] || parent=/
staging=${parent%/}/.$name.deploying old=${parent%/}/.$name.replaced

# A power cut between the two renamings of publish.sh.
if [ ! -e "$folder" ] && [ -f "$old/model.json" ]; then mv -T -- "$old" "$folder"; fi
# One before the replaced folder had got its name.
if [ -d "$staging" ] && [ ! -e "$staging/.deploying" ] && [ ! -e "$old" ]; then
    mv -T -- "$staging" "$old"
fi

kind=other
if mountpoint -q -- "$folder" 2>/dev/null; then kind=mount
elif [ -f "$folder/model.json" ]; then kind=bundle
elif [ -d "$folder" ] && [ -z "$(ls -A -- "$folder")" ]; then kind=none
elif [ ! -e "$folder" ] && [ ! -L "$folder" ]; then kind=none
fi
near=$parent
while [ ! -e "$near" ]; do near=$(dirname -- "$near"); done

tell() { printf '@%s %s\n' "$1" "$2"; }
tell folder "$folder"
tell kind "$kind"
if [ ! -d "$near" ] || [ ! -w "$near" ]; then tell unwritable "$near"; fi
for inside in "$folder" "$folder/engines" "$folder/report"; do
    if [ -d "$inside" ] && [ ! -w "$inside" ]; then tell unwritable "$inside"; fi
done
if [ -L "$staging" ] || [ -L "$old" ]; then tell unwritable "$staging"; fi
if [ -d "$old" ]; then echo "@replaced"; fi
tell df "$(df -Pk -- "$near" | tail -n 1)"
if command -v rsync >/dev/null; then echo "@rsync"; fi
encode() { head -c 4194304 -- "$1" | base64 | tr -d '\n'; }
if [ "$kind" = bundle ]; then
    tell manifest "$(encode "$folder/model.json")"
    for sidecar in "$folder"/engines/*.json; do
        if [ -f "$sidecar" ]; then tell sidecar "$(encode "$sidecar")"; fi
    done
fi
exit 0
