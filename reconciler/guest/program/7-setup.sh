# Setting a member up, or finding out that it has been.
#
#     /opt/guestconfig/configure.status   CONTAINER= while the script runs, CONTAINER=CODE when it has ended

_status=$_home/configure.status

setup() {
  claim "setup-$_attempt"
  # A call that asks again may bring newer words.
  [ -z "$_done" ] || already_done
  read_status
  started "$_room/script"
  [ "$_ran_in" != "$_container" ] || continue_setup
  inject_all
  if [ -z "$_package" ]; then
    done_with_setup
  elif [ "$_ran_in" != "$_container" ] && [ "$_ran" = 0 ]; then
    # Done in an earlier container, on a volume that this one has, too.
    put_configmeta
    install_helper
    done_with_setup
  fi
  wait_for_systemd
  put_configmeta
  install_helper
  make_private_home
  install_package
  [ "$_configure" != yes ] || configure
  done_with_setup
}

done_with_setup() {
  finish 'result ok'
}

already_done() {
  [ -z "$_package" ] || put_configmeta
  done_with_setup
}

# read_status: in which container the script ran in _ran_in, how it ended in _ran.
read_status() {
  _ran_in=
  _ran=
  [ -f "$_status" ] || return 0
  IFS= read -r _line <"$_status" || [ -n "$_line" ] || return 0
  case $_line in
  *=*)
    _ran_in=${_line%=*}
    _ran=${_line##*=}
    ;;
  esac
}

# Goes on where setup has been before in this container; returns when there is something left to do.
continue_setup() {
  [ "$_ran" = '' ] && wait_for_script
  [ "$_ran" != 0 ] || already_done
  [ "$_by_attempt" = "$_attempt" ] || return 0
  script_failed
}

# It runs, or was killed together with those who would have written down how it ended.
wait_for_script() {
  [ -z "$_running" ] || tell 'phase waiting'
  while [ -n "$_running" ]; do
    sleep 1
    started "$_room/script"
  done
  [ "$_by_attempt" = "$_attempt" ] || return 0
  write_status 137
  report_output "$_home/configure"
  fail member 'the start script was ended, and nobody saw its exit code'
}

script_failed() {
  report_output "$_home/configure"
  finish "result failed script $_ran"
}

wait_for_systemd() {
  [ "$_systemd" = yes ] || return 0
  tell 'phase systemd'
  has systemctl || fail systemd 'the image has no systemctl, and the app says that systemd is required'
  _tries=0
  until systemctl status systemd-journald </dev/null >"$_job/systemd" 2>&1; do
    _tries=$((_tries + 1))
    if [ "$_tries" -ge 300 ]; then
      last_words "$_job/systemd"
      fail systemd "systemd-journald did not run within five minutes: $_words"
    fi
    sleep 1
  done
}

make_private_home() {
  trying chmod 700 "$_home" || fail member "$_home cannot be made private: $_words"
}

configure() {
  tell 'phase configuring'
  find_start_script "$_home"
  rm -f "$_home/configure.stdout" "$_home/configure.stderr"
  write_status ''
  start "$_room/script" "$_home/configure" "$_script" --configure
  wait "$_child"
  _ran=$?
  # How it failed is told even where it cannot be kept: it may have filled the disk, or removed what is here.
  [ "$_ran" = 0 ] || {
    trying put_outcome "$_status" "$_ran"
    script_failed
  }
  write_status "$_ran"
}

# write_status CODE
write_status() {
  write_outcome "$_status" "$1"
}

# write_outcome FILE CODE: whole or not at all.
write_outcome() {
  trying put_outcome "$1" "$2" || fail member "$1 cannot be written: $_words"
}

# tee says what went wrong in fewer words than shells do.
put_outcome() {
  printf '%s=%s' "$_container" "$2" | tee "$1.new" && mv -f "$1.new" "$1"
}
