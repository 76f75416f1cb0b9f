# What runs in a member when KubeDirector asks something of it: openapi/guest/calls.ts says how it is asked, and reports.ts what it
# answers. These files are one program, in the order of their names. It is read by the `sh` of whatever image there is, and asks for
# no more than coreutils or busybox, tar, gzip, and curl or wget.
#
# Every variable begins with an underscore. Variables of a role's environment may have any other name (images with systemd set
# `container`), and whoever assigns to one changes it for the scripts, too.
#
# This file: the words that are said, what there is of tools, and how to wait.

_home=/opt/guestconfig
_etc=/etc/guestconfig

# tell LINE: whoever listens has gone when it cannot be written.
tell() {
  printf '%s\n' "$1" || exit 1
}

# fail WORD SENTENCE: the last thing that is said. Never call it in a subshell, which it would only leave.
fail() {
  finish "result failed $1 $(one_line "$2")"
}

# finish LINE: and what a job alone needs goes first.
_claimed_turn=
finish() {
  [ -z "$_claimed_turn" ] || tidy
  tell "$1"
  exit 0
}

# one_line TEXT: on one line, without control characters, and short enough to be a line of a report.
one_line() {
  printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037\177' | head -c 600
}

# last_words FILE: the last line in it that is not empty, with which most tools say what went wrong.
last_words() {
  _words=
  [ -f "$1" ] || return 0
  while IFS= read -r _word || [ -n "$_word" ]; do
    [ -z "$_word" ] || _words=$_word
  done <"$1"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# trying COMMAND...: what it says of its failure is kept in _words.
trying() {
  _words=$("$@" 2>&1 >/dev/null) || {
    [ -n "$_words" ] || _words="$1 failed"
    return 1
  }
}

# Who it is that may not do what failed, for people who run images as somebody else.
as_whom() {
  _whom=
  _user=$(id -u 2>/dev/null) && [ "$_user" != 0 ] && _whom=" (the member runs as user $_user)"
  return 0
}

# wait_a_little: a tenth of a second at first, where sleep knows tenths, and later a second. _waited counts tenths.
_waited=0
wait_a_little() {
  if [ "$_waited" -lt 20 ] && sleep 0.1 2>/dev/null; then
    _waited=$((_waited + 1))
  else
    sleep 1
    _waited=$((_waited + 10))
  fi
}

# size FILE
size() {
  _size=$(($(wc -c <"$1")))
}

# birth PID: when it was started, in _birth. Empty where there is no /proc, `gone` when the process is, or only waits to be reaped:
# the first process of many containers never reaps any.
birth() {
  _birth=gone
  kill -0 "$1" 2>/dev/null || return 0
  _birth=
  { IFS= read -r _stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  birth_of_stat "$_stat"
}

# birth_of_stat LINE: of /proc/PID/stat. The name of the program, in brackets, may contain anything.
birth_of_stat() {
  # shellcheck disable=SC2086
  set -- ${1##*) }
  case $1 in
  Z | X) _birth=gone ;;
  *) _birth=${20} ;;
  esac
}

# alive PID BIRTH: does that very process still run, rather than another of the same number?
alive() {
  birth "$1"
  [ "$_birth" = "$2" ] && [ "$_birth" != gone ]
}
