# Runs the program of the robot, as whoever logs in there would, until the input of this script ends:
# that is how Ctrl-C, and a connection that breaks, end it.
# $1: flags of bash, $2: how the program is called, $3: seconds, or 0, $4: a folder of which all
# files shall have its owner, or nothing; then the arguments of the program
flags=$1 line=$2 seconds=$3 folder=$4
shift 4
export PYTHONUNBUFFERED=1 PYTHONIOENCODING=utf-8
shell=bash
if ! command -v bash >/dev/null; then shell=sh flags=-c; fi

exec 3<&0 4>&1
# timeout makes a process group, so that all of it hears that it is to end. The shell itself waits
# for the program. What the shell's own files print is of no interest. A program that does not end
# when it is told to would hold the GPU for ever.
timeout -k 60 "$seconds" "$shell" "$flags" "exec >&4 2>&1 3<&- 4>&-
set +m
trap : TERM
$line \"\$@\"" robot "$@" </dev/null >/dev/null 2>&1 &
running=$!
{
    cat <&3
    kill -TERM "$running"
} >/dev/null 2>&1 4>&- &
watching=$!
exec 3<&- 4>&-
wait "$running"
code=$?
kill "$watching" 2>/dev/null
# In a container root writes, and the next bundle is copied by a user outside of it.
if [ -n "$folder" ]; then
    chown -R --reference="$folder" -- "$folder/engines" "$folder/report" 2>/dev/null
fi
echo "@exit $code"
