# What scripts are given: configmeta, and the commands that read it.

# put_configmeta: a reader sees the old one or the new one, whole. An older one than is there comes from a KubeDirector that has
# been replaced without noticing, and is left out.
put_configmeta() {
  IFS= read -r _held 2>/dev/null <"$_room/generation" || _held=0
  [ "$_generation" -ge "$_held" ] || return 0
  (umask 022 && mkdir -p "$_etc") 2>"$_job/why" || configmeta_failed
  [ "$_layout" != new ] || chmod 700 "$_etc" 2>"$_job/why" || configmeta_failed
  _new=$_etc/.configmeta.json.kubedirector
  { rm -f "$_new" && cat "$_job/configmeta" >"$_new" && chmod 644 "$_new" && mv -f "$_new" "$_etc/configmeta.json"; } \
    2>"$_job/why" || configmeta_failed
  printf '%s\n' "$_generation" >"$_room/generation"
}

configmeta_failed() {
  last_words "$_job/why"
  as_whom
  fail member "$_etc/configmeta.json cannot be written$_whom: $_words"
}

# install_helper: unless the image brings its own.
install_helper() {
  if [ ! -e /usr/local/bin/configcli ] && [ ! -e /usr/bin/configcli ]; then
    has tar && has gzip || fail member 'the image has no tar or no gzip, without which configcli cannot be installed'
    _work=$_job/work
    mkdir -p "$_work/helper"
    { gzip -dc <"$_job/helper" >"$_work/helper.tar" && tar -xf "$_work/helper.tar" -C "$_work/helper"; } 2>"$_job/why" || helper_failed
    (umask 022 && sh "$_work/helper/install.sh" "$_layout" "$_work/helper") >/dev/null 2>"$_job/why" || helper_failed
    rm -rf "$_work"
  fi
  link_helper
}

helper_failed() {
  last_words "$_job/why"
  as_whom
  fail member "configcli cannot be installed$_whom: $_words"
}

# link_helper: where /usr/local is on a volume, /usr/bin is not, and every new container needs the links again.
link_helper() {
  [ "$_layout" = new ] || return 0
  for _name in bdvcli bd_vcli configcli ccli configmacro; do
    [ -e "/usr/local/bin/$_name" ] || continue
    [ ! -e "/usr/bin/$_name" ] || [ -h "/usr/bin/$_name" ] || continue
    ln -sf "/usr/local/bin/$_name" "/usr/bin/$_name" 2>"$_job/why" || helper_failed
  done
}
