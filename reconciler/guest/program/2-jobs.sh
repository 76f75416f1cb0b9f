# Jobs: what one call asks for is done by a process of its own, which goes on when the connection of the call breaks. The call
# follows what the job says, in its log. At most one job is at work in a container; the others wait for it. That holds for calls, too,
# that were meant for the container before this one: who sends them may not have heard that it is gone.
#
#     .kubedirector/CONTAINER/job.XXXXXX/   log, and what the call brought
#     .kubedirector/.claim.N                a link whose text says who works: PID:BIRTH:KIND@CONTAINER:JOB
#
# A link is made whole or not at all, and by one process only. The highest claim counts; when its process has gone, whoever makes
# the next one takes over.

# room: where this container's jobs are, in _room. What other containers left on a volume is of no use.
room() {
  _name=$(printf '%s' "$_container" | tr -c 'A-Za-z0-9.-' '_' | tail -c 200)
  if ! make_home; then
    as_whom
    # Files can be injected without it.
    [ -z "$_package" ] && [ "$_verb" = setup ] ||
      fail member "$_home cannot be written$_whom: $_words"
    _state=${TMPDIR:-/tmp}/.kubedirector-$(id -u)
    trying mkdir -p "$_state" && [ ! -h "$_state" ] && [ -O "$_state" ] && trying chmod 700 "$_state" ||
      fail member "neither $_home nor $_state can be written$_whom: $_words"
  fi
  _room=$_state/$_name
  trying mkdir -p "$_room" || fail member "$_room cannot be made: $_words"
}

make_home() {
  _state=$_home/.kubedirector
  (umask 022 && mkdir -p "${_home%/*}") 2>/dev/null
  trying mkdir -p "$_state" || return 1
  _words='it is read-only'
  [ -w "$_state" ]
}

# start_job: for the call whose input is in $_d. Its worker becomes a leader of its own session where that can be.
start_job() {
  _job=$(mktemp -d "$_room/job.XXXXXX" 2>/dev/null) || fail member "$_room cannot be written: is there space left?"
  cp "$_d/program" "$_d/options" "$_job" && printf '%s\n' "$_umask" >"$_job/umask" && : >"$_job/log" &&
    content configmeta "$_configmeta" && content helper "$_helper" ||
    fail member "$_job cannot be written: is there space left?"
  _detach=nohup
  has setsid && _detach=setsid
  "$_detach" sh -c '. "$1/program"' kubedirector-guest "$_job" </dev/null >>"$_job/log" 2>>"$_job/errors" 3<&- &
  _pid=$!
  birth "$_pid"
  printf '%s:%s\n' "$_pid" "$_birth" >"$_job/worker"
  _worker_birth=$_birth
}

# content NAME LENGTH: the next of what follows the options.
content() {
  [ "$2" != 0 ] || return 0
  tail -c "+$((_at + 1))" "$_d/input" | head -c "$2" >"$_job/$1"
  size "$_job/$1"
  [ "$_size" -eq "$2" ] || return 1
  _at=$((_at + $2))
}

# claim KIND: returns when it is this job's turn. Of setups of one attempt there is one alone: another sends its caller to that one,
# unless that has ended well, which is in _done then.
claim() {
  birth "$$"
  _born=$_birth
  _kind=$1
  _done=
  _told=
  _waited=0
  while :; do
    look_for "$1"
    case $_same in
    '') ;;
    done)
      _done=yes
      _kind=again
      ;;
    *)
      tell "see $_same"
      exit 0
      ;;
    esac
    if [ -n "$_busy" ]; then
      [ -n "$_told" ] || tell 'phase waiting'
      _told=yes
      wait_a_little
      continue
    fi
    _next=$_state/.claim.$((_top + 1))
    ln -s "$$:$_born:$_kind@${_room##*/}:${_job##*/}" "$_next" 2>/dev/null && break
    [ -h "$_next" ] || fail member "no link can be made in $_state: is there space left?"
  done
  _claimed_turn=yes
}

# look_for KIND: the number of the highest claim in _top; in _busy whether its process works; in _same the job of that kind which
# is at it or has failed, or `done`.
look_for() {
  _top=0
  _busy=
  _same=
  _found=0
  for _link in "$_state"/.claim.*; do
    [ -h "$_link" ] || continue
    _number=${_link##*.}
    [ "$_number" -le "$_top" ] || _top=$_number
    case $1:$(readlink "$_link") in
    setup-*:*:"$1@${_room##*/}":*) [ "$_number" -le "$_found" ] || _found=$_number ;;
    esac
  done
  [ "$_top" = 0 ] || { works "$_state/.claim.$_top" && _busy=yes; }
  [ "$_found" != 0 ] || return 0
  if works "$_state/.claim.$_found"; then
    _same=$_claimed
  elif has_result "$_room/$_claimed"; then
    _same=$_claimed
    [ "$_said" != 'result ok' ] || _same=done
  fi
  return 0
}

# works CLAIM: its job is in _claimed.
works() {
  _text=$(readlink "$1")
  _claimed=${_text##*:}
  _rest=${_text#*:}
  alive "${_text%%:*}" "${_rest%%:*}"
}

# waits_in ROOM: does any job there wait for its turn?
waits_in() {
  for _waiting in "$1"/job.*; do
    [ -f "$_waiting/worker" ] || continue
    IFS=: read -r _pid _birth_then <"$_waiting/worker"
    ! alive "$_pid" "$_birth_then" || return 0
  done
  return 1
}

# has_result JOB
has_result() {
  [ -f "$1/log" ] || return 1
  while IFS= read -r _said; do
    case $_said in 'result '*) return 0 ;; esac
  done <"$1/log"
  return 1
}

# Before the result of a job: what nobody needs any more. Updates are many, so the old ones are forgotten.
tidy() {
  rm -rf "$_job/configmeta" "$_job/helper" "$_job/options" "$_job/program" "$_job/work"
  [ "$_state" = "$_home/.kubedirector" ] || return 0
  for _other in "$_state"/*; do
    [ "$_other" = "$_room" ] || waits_in "$_other" || rm -rf "$_other"
  done
  look_for tidy
  for _link in "$_state"/.claim.*; do
    # A script may have removed them all.
    [ -h "$_link" ] && [ "${_link##*.}" -lt "$_top" ] || continue
    _text=$(readlink "$_link")
    _of=${_text#*@}
    _of=${_of%%:*}
    [ -d "$_state/$_of" ] || rm -f "$_link"
    [ "$((${_link##*.} + 20))" -lt "$_top" ] || continue
    case $_text in
    *:update@*:job.* | *:again@*:job.*) rm -rf "$_link" "${_state:?}/${_of:?}/${_text##*:}" ;;
    esac
  done
  for _other in "$_room"/job.*; do
    [ "$_other" != "$_job" ] && [ -f "$_other/worker" ] || continue
    IFS=: read -r _pid _birth_then <"$_other/worker"
    alive "$_pid" "$_birth_then" || has_result "$_other" || rm -rf "$_other"
  done
}

# follow: says what the job of this call says, until there is a result. A worker that was killed is replaced; the next one finds
# out how far it came.
follow() {
  _starts=1
  until follow_once "$_job"; do
    last_words "$_job/errors"
    [ "$_starts" -lt 3 ] || fail member "the program that works in the member was ended $_starts times: ${_words:-by others}"
    _starts=$((_starts + 1))
    _at=$_contents
    start_job
  done
}

# follow_once JOB: until its result, or until its worker has gone without one.
follow_once() {
  _log=$1/log
  _followed=$1
  _part=
  _waited=0
  _ended=
  [ -f "$_log" ] || return 1
  exec 3<"$_log"
  while :; do
    if IFS= read -r _line <&3; then
      _waited=0
      pass_on "$_part$_line" || return 1
      _part=
      continue
    fi
    _part=$_part$_line
    [ -z "$_ended" ] || return 1
    # What it said last may have come after we looked.
    if ! still_works; then
      _ended=yes
      continue
    fi
    wait_a_little
    [ "$((_waited % 200))" -ge 10 ] || [ "$_waited" -lt 20 ] || tell alive
  done
}

still_works() {
  if [ "$_followed" = "$_job" ]; then
    alive "$_pid" "$_worker_birth"
  else
    works "$_followed_claim"
  fi
}

# pass_on LINE: of a log. Another call's job is waited for; where it is, is not of this call.
pass_on() {
  case $1 in
  'see '*)
    _followed_claim=
    for _link in "$_state"/.claim.*; do
      case $(readlink "$_link") in *":${1#see }") _followed_claim=$_link ;; esac
    done
    has_result "$_room/${1#see }" || tell 'phase waiting'
    follow_once "$_room/${1#see }"
    ;;
  'phase '*) [ "$_followed" != "$_job" ] || tell "$1" ;;
  'output '*)
    tell "${1% *}"
    cat "$_followed/${1##* }" || exit 1
    tell ''
    ;;
  'result '*)
    [ "$_followed" = "$_job" ] || rm -rf "$_job"
    finish "$1"
    ;;
  *) tell "$1" ;;
  esac
}
