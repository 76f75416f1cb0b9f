# Where it begins: as the call, with three lengths and the input in $_d, or as the worker of a job, with its folder.

# read_options FILE: those that are there once; the others are read where they are used.
read_options() {
  _verb='' _container='' _generation=0 _layout=legacy _tail=0 _attempt=0 _systemd=no _package='' _package_limit=0
  _package_sha256='' _configure=no _configmeta=0 _helper=0 _deadline=0 _reconnect='' _anything=''
  while IFS= read -r _line; do
    _value=${_line#* }
    case ${_line%% *} in
    verb) _verb=$_value ;;
    container) _container=$_value ;;
    generation) _generation=$_value ;;
    layout) _layout=$_value ;;
    tail) _tail=$_value ;;
    attempt) _attempt=$_value ;;
    systemd) _systemd=$_value ;;
    package) _package=$_value ;;
    package-limit) _package_limit=$_value ;;
    package-sha256) _package_sha256=$_value ;;
    configure) _configure=$_value ;;
    configmeta) _configmeta=$_value ;;
    helper) _helper=$_value ;;
    deadline) _deadline=$_value ;;
    reconnect) _reconnect=$_value ;;
    inject) _anything=yes ;;
    esac
  done <"$1"
}

# receive TOTAL PROGRAM OPTIONS: their lengths.
receive() {
  trap 'exit 1' HUP INT TERM PIPE
  size "$_d/input"
  # The connection broke in the middle of the call: nobody listens.
  [ "$_size" -eq "$1" ] || exit 1
  tell 'phase checking'
  tail -c "+$(($2 + 1))" "$_d/input" | head -c "$3" >"$_d/options"
  _contents=$(($2 + $3))
  _at=$_contents
  read_options "$_d/options"
  case $_verb:$_package$_anything in
  setup:) finish 'result ok' ;;
  esac
  room
  start_job
  follow
}

# work JOB
work() {
  umask 077
  _job=$1
  _room=${_job%/*}
  _state=${_room%/*}
  IFS= read -r _umask <"$_job/umask"
  read_options "$_job/options"
  case $_verb in
  setup) setup ;;
  update) update ;;
  esac
}

set -u
case $# in
1) work "$1" ;;
*) receive "$@" ;;
esac
