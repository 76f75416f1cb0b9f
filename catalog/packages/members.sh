# What the setup scripts of the catalog share. Every package has a copy beside its startscript, which reads it with `.`.
#
# It knows configmeta, through configcli, and how the first process of our images takes a service over (run, in this folder). It does
# not know any application.

# get KEY: a value of configmeta; nothing when it has none.
get() {
  configcli --get "$1" 2>/dev/null || :
}

_group() {
  printf 'distros.%s.1' "$(get node.distro_id)"
}

# constant NAME: what the app says in config.configMeta.
constant() {
  get "$(_group).config_metadata.$1"
}

# secret NAME: a value of the secretKeys of this member's role.
secret() {
  get "$(_group).roles.$(get node.role_id).secret_keys.$1"
}

# memory: of this member, in MiB.
memory() {
  get "$(_group).roles.$(get node.role_id).flavor.memory"
}

# members ROLE: a line for each member, `ID HOST`. Ids are never used again; hosts are full names.
members() {
  _ids=$(get "$(_group).roles.$1.node_ids")
  _hosts=$(get "$(_group).roles.$1.fqdns")
  while [ -n "$_ids" ]; do
    printf '%s %s\n' "${_ids%%,*}" "${_hosts%%,*}"
    case $_ids in
    *,*) _ids=${_ids#*,} _hosts=${_hosts#*,} ;;
    *) _ids= ;;
    esac
  done
}

# hosts ROLE: of its members, a line for each.
hosts() {
  members "$1" | while read -r _id _host; do printf '%s\n' "$_host"; done
}

# first_host ROLE: of the member with the lowest id, who begins where somebody has to.
first_host() {
  members "$1" | sort -n | {
    read -r _id _host || exit 0
    printf '%s\n' "$_host"
  }
}

# joined ROLE SUFFIX: `host1SUFFIX,host2SUFFIX`.
joined() {
  hosts "$1" | sed "s/\$/$2/" | paste -sd, -
}

say() {
  printf '%s\n' "$*"
}

# give_up SENTENCE: it shows in the status of the cluster, since that keeps the end of what a failed script wrote.
give_up() {
  printf '%s\n' "$*" >&2
  exit 1
}

# within SECONDS COMMAND...: tries it again until it succeeds.
within() {
  _left=$1
  shift
  until "$@"; do
    [ "$_left" -gt 0 ] || return 1
    _left=$((_left - 1))
    sleep 1
  done
}

# write FILE: what comes in, whole or not at all.
write() {
  mkdir -p "${1%/*}"
  cat >"$1.new"
  mv -f "$1.new" "$1"
}

# bytes HEX: as they are; some images have nothing else that makes them from text.
bytes() {
  _hex=$1
  while [ -n "$_hex" ]; do
    _rest=${_hex#??}
    printf "\\$(printf '%03o' "0x${_hex%"$_rest"}")"
    _hex=$_rest
  done
}

_service=/etc/kubedirector/service
_pid=/run/kubedirector/service.pid

# serve: a shell script comes in, which becomes the service: the first process of the container starts it, now and whenever it ends.
serve() {
  mkdir -p "${_service%/*}"
  cat >"$_service.new"
  chmod 755 "$_service.new"
  mv -f "$_service.new" "$_service"
  restart
}

# restart: with what has been written meanwhile.
restart() {
  [ ! -f "$_pid" ] || kill "$(cat "$_pid")" 2>/dev/null || :
}
