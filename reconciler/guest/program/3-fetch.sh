# Fetching, and what is fetched: files that are injected. Nothing of a user's is ever part of a command's text.

# fetch URL FILE LIMIT: LIMIT in bytes, or nothing. Why not, in _why.
fetch() {
  _why=
  rm -f "$_job/code"
  case $1 in
  [Ff][Ii][Ll][Ee]://*) fetch_local "$1" "$2" "$3" ;;
  [Hh][Tt][Tt][Pp]://* | [Hh][Tt][Tt][Pp][Ss]://*) fetch_remote "$1" "$2" "$3" ;;
  *)
    _why='its URL is neither https nor http nor file'
    return 1
    ;;
  esac
}

fetch_local() {
  _path=${1#*://}
  case $_path in
  /*) ;;
  localhost/* | 127.0.0.1/*) _path=/${_path#*/} ;;
  *)
    _why='its file URL names another machine'
    return 1
    ;;
  esac
  unescape "$_path"
  if [ ! -f "$_path" ]; then
    _why='the image has no such file'
    return 1
  fi
  { cat "$_path" 2>"$_job/why" && echo 0 >"$_job/code"; } | within "$3" >"$2"
  arrived "$2" "$3"
}

# unescape PATH: %20 and its like, in _path.
unescape() {
  _path=
  _todo=$1
  while :; do
    case $_todo in
    *%[0-9A-Fa-f][0-9A-Fa-f]*)
      _after=${_todo#*%[0-9A-Fa-f][0-9A-Fa-f]}
      _before=${_todo%"$_after"}
      _hex=${_before##*%}
      # The point keeps a line end, which the shell would cut off.
      _char=$(printf "\\$(printf '%03o' "0x$_hex")." 2>/dev/null)
      _path=$_path${_before%"%$_hex"}${_char%.}
      _todo=$_after
      ;;
    *)
      _path=$_path$_todo
      return 0
      ;;
    esac
  done
}

fetch_remote() {
  if has curl; then
    { curl --globoff --fail --location --max-redirs 10 --proto '=http,https' --proto-redir '=http,https' --silent --show-error \
      --connect-timeout 30 --speed-limit 1 --speed-time 120 --output - --url "$1" 2>"$_job/why" && echo 0 >"$_job/code"; } |
      within "$3" >"$2"
  elif has wget; then
    # busybox tries once by itself, and some versions of it crash when they are given a time limit.
    case $(wget --help 2>&1) in
    *BusyBox*) _limits=-q ;;
    *) _limits='-t 1 -T 120' ;;
    esac
    # shellcheck disable=SC2086
    { wget $_limits -O - -- "$1" 2>"$_job/why" && echo 0 >"$_job/code"; } | within "$3" >"$2"
  else
    fail member 'the image has neither curl nor wget'
  fi
  arrived "$2" "$3"
}

# within LIMIT: what comes, and one byte too many of what is too large.
within() {
  if [ -n "$1" ]; then head -c "$(($1 + 1))"; else cat; fi
}

arrived() {
  size "$1"
  if [ -n "$2" ] && [ "$_size" -gt "$2" ]; then
    _why="it is larger than $2 bytes"
    rm -f "$1" "$_job/code"
    return 1
  fi
  if [ ! -f "$_job/code" ]; then
    last_words "$_job/why"
    _why=${_words#curl: }
    [ -n "$_why" ] || _why='it could not be written: is there space left?'
    return 1
  fi
  rm -f "$_job/code"
}

# name_of URL: its last element, in _name.
name_of() {
  _name=${1%%[?#]*}
  _name=${_name#*://}
  case $_name in
  */*) _name=${_name##*/} ;;
  *) _name= ;;
  esac
}

# Once in a container, before anything else: scripts may have changed the files since.
inject_all() {
  [ ! -f "$_room/injected" ] || return 0
  _url=
  while IFS= read -r _line; do
    case $_line in
    'inject '*)
      inject
      tell 'phase injecting'
      _url=${_line#* } _directory='' _mode='' _owner='' _group=''
      ;;
    'inject-directory '*) _directory=${_line#* } ;;
    'inject-mode '*) _mode=${_line#* } ;;
    'inject-owner '*) _owner=${_line#* } ;;
    'inject-group '*) _group=${_line#* } ;;
    esac
  done <"$_job/options"
  inject
  : >"$_room/injected"
}

# inject: what was read of one, if there was any.
inject() {
  [ -n "$_url" ] || return 0
  name_of "$_url"
  case $_name in
  '' | . | ..) fail injection "the URL of a file for $_directory ends without a name" ;;
  esac
  case $_directory in
  /*) ;;
  *) _directory=./$_directory ;;
  esac
  (umask "$_umask" && mkdir -p "$_directory") 2>"$_job/why" || inject_failed "$_directory cannot be made"
  [ ! -d "$_directory/$_name" ] || inject_failed "$_directory/$_name is a directory"
  fetch "$_url" "$_job/file" '' || fail injection "$_name could not be fetched: $_why"
  place 2>"$_job/why" || inject_failed "$_directory/$_name could not be put in place"
  rm -f "$_job/file"
}

inject_failed() {
  last_words "$_job/why"
  as_whom
  fail injection "$1$_whom${_words:+: $_words}"
}

# Under its name only when all is as asked. Files that are mounted cannot be replaced, only written.
place() {
  _new=$_directory/.$_name.kubedirector
  (umask "$_umask" && rm -f "$_new" && cat "$_job/file" >"$_new") &&
    { [ -z "$_mode" ] || chmod -- "$_mode" "$_new"; } &&
    { [ -z "$_owner" ] || chown -- "$_owner" "$_new"; } &&
    { [ -z "$_group" ] || chgrp -- "$_group" "$_new"; } &&
    { mv -f "$_new" "$_directory/$_name" || { cat "$_new" >"$_directory/$_name" && rm -f "$_new"; }; } && return 0
  rm -f "$_new"
  return 1
}
