# Running the start script, with the environment, the working directory and the umask that the image gave us, and nothing of ours.

_sleeper=

# start RECORD OUT COMMAND...: in a session of its own where that can be, so that it and all that it starts can be stopped at once. It
# writes who it is to RECORD before it becomes the script: should we be killed, others can still see whether it runs. Output goes to
# OUT.stdout and OUT.stderr.
start() {
  _record=$1
  _out=$2
  shift 2
  _session=
  has setsid && _session=setsid
  rm -f "$_record"
  (
    umask "$_umask"
    exec >"$_out.stdout" 2>"$_out.stderr"
    # shellcheck disable=SC2086
    exec $_session sh -c '
      { printf "%s %s\n" "$1" "$$"; head -n 1 "/proc/$$/stat"; } >"$2" 2>/dev/null
      shift 2
      exec "$@"
    ' kubedirector-script "$_attempt" "$_record" "$@"
  ) </dev/null &
  _child=$!
}

# started RECORD: the attempt that started the script in _by_attempt, and whether it runs in _running.
started() {
  _by_attempt=
  _running=
  [ -f "$1" ] || return 0
  { IFS=' ' read -r _by_attempt _script_pid && IFS= read -r _stat || _stat=; } <"$1"
  _birth=
  [ -z "$_stat" ] || birth_of_stat "$_stat"
  _script_birth=$_birth
  alive "$_script_pid" "$_script_birth" && _running=yes
  return 0
}

# run_within SECONDS RECORD OUT COMMAND...: the exit code in _code; 124 when it had to be stopped, as timeout(1) has it.
run_within() {
  _seconds=$1
  shift
  start "$@"
  rm -f "$_job/stopped"
  (
    trap 'kill "$_sleeper" 2>/dev/null; exit 0' TERM
    rest "$_seconds"
    : >"$_job/stopped"
    stop TERM
    rest 10
    stop KILL
  ) </dev/null >/dev/null 2>&1 &
  _timer=$!
  wait "$_child"
  _code=$?
  kill "$_timer" 2>/dev/null
  wait "$_timer" 2>/dev/null
  [ ! -f "$_job/stopped" ] || {
    # What it left behind had the same deadline.
    stop KILL
    _code=124
  }
}

# rest SECONDS: so that it can be cut short.
rest() {
  sleep "$1" &
  _sleeper=$!
  wait "$_sleeper"
}

# stop SIGNAL: the script and all in its session; the script alone where the image has no setsid.
stop() {
  kill -s "$1" -- "-$_child" 2>/dev/null || kill -s "$1" "$_child" 2>/dev/null
}

# report_output OUT: the last whole lines of what it wrote, or what there is of a line that is too long.
report_output() {
  [ "$_tail" -gt 0 ] || return 0
  for _stream in stdout stderr; do
    _end=$(mktemp "$_job/end.XXXXXX") || continue
    [ ! -f "$1.$_stream" ] || end_of "$1.$_stream" >"$_end"
    size "$_end"
    tell "output $_stream $_size ${_end##*/}"
  done
}

end_of() {
  size "$1"
  if [ "$_size" -le "$_tail" ]; then
    tr -d '\000' <"$1"
    return
  fi
  # One more byte tells whether the first line is whole.
  tail -c "$((_tail + 1))" "$1" | tr -d '\000' | tail -n +2 >"$_job/lines"
  if [ -s "$_job/lines" ]; then cat "$_job/lines"; else tail -c "$_tail" "$1" | tr -d '\000'; fi
}
