# Bringing a member to a newer configuration, and telling it what has happened.
#
#     .kubedirector/CONTAINER/told        ids of notifications that the script took, one a line
#     .kubedirector/CONTAINER/reconnect   version of the connections that the script took
#     /opt/guestconfig/reconnect.status   CONTAINER=CODE, as configure.status, which this leaves alone

update() {
  claim update
  end_orphan
  put_configmeta
  find_start_script "$_home"
  notify_all
  [ -z "$_reconnect" ] || reconnect
  finish 'result ok'
}

# end_orphan: a script whose deadline nobody watches any more, because the job that started it was killed. The same notification is
# going to be delivered again.
end_orphan() {
  started "$_room/notifying"
  [ -n "$_running" ] || return 0
  _child=$_script_pid
  stop TERM
  _waited=0
  while [ -n "$_running" ] && [ "$_waited" -lt 100 ]; do
    wait_a_little
    started "$_room/notifying"
  done
  stop KILL
}

# notify_all: in their order. The options of one are gathered in "$@".
notify_all() {
  _id=
  set --
  while IFS= read -r _line; do
    case $_line in
    'notify '*)
      [ -z "$_id" ] || notify "$@"
      _id=${_line#* }
      set --
      ;;
    'argument '*) set -- "$@" "${_line#* }" ;;
    esac
  done <"$_job/options"
  [ -z "$_id" ] || notify "$@"
}

notify() {
  if is_told "$_id"; then
    tell "notified $_id skipped"
    return
  fi
  tell 'phase notifying'
  need_script
  run_within "$_deadline" "$_room/notifying" "$_job/script" "$_script" "$@"
  [ "$_code" != 0 ] || printf '%s\n' "$_id" >>"$_room/told"
  tell "notified $_id $_code"
  [ "$_code" = 0 ] || report_output "$_job/script"
}

is_told() {
  [ -f "$_room/told" ] || return 1
  while IFS= read -r _once; do
    [ "$_once" != "$1" ] || return 0
  done <"$_room/told"
  return 1
}

reconnect() {
  _version=
  [ ! -f "$_room/reconnect" ] || IFS= read -r _version <"$_room/reconnect"
  if [ "$_version" = "$_reconnect" ]; then
    tell 'reconnected 0'
    return
  fi
  tell 'phase notifying'
  need_script
  write_outcome "$_home/reconnect.status" ''
  run_within "$_deadline" "$_room/notifying" "$_home/reconnect" "$_script" --reconnect
  write_outcome "$_home/reconnect.status" "$_code"
  [ "$_code" != 0 ] || printf '%s\n' "$_reconnect" >"$_room/reconnect"
  tell "reconnected $_code"
  [ "$_code" = 0 ] || report_output "$_home/reconnect"
}

need_script() {
  [ -n "$_script" ] || fail member "there is no startscript in $_home: the member has not been set up"
}
