#!/bin/sh
# configcli: what a setup package asks about its cluster. It needs a POSIX shell and awk.
#
# configcli, ccli, bdvcli and bd_vcli are one; configmacro is `configcli macro`.

meta=/etc/guestconfig/configmeta.json
library=@LIBRARY@

fail() {
  printf 'configcli: %s\n' "$1" >&2
  exit 1
}

# ask OPERATION [KEY]
ask() {
  [ -r "$meta" ] || fail "$meta cannot be read"
  CONFIGCLI_OPERATION=$1 CONFIGCLI_KEY=${2-} LC_ALL=C awk -f "$library/configcli.awk" "$meta"
}

# get KEY: its first word is one of a few.
get() {
  case ${1%%.*} in
  version | node | cluster | distros | services | tenant | auth | platform | connections) ask get "${1%.}" ;;
  *) fail "there is no namespace ${1%%.*}" ;;
  esac
}

macro() {
  case ${1-}:${2-} in
  node:--get_self_index) ask self_index ;;
  node:--get_self_id) ask self_id ;;
  node:--get_index) ask index "${3?an FQDN is missing}" ;;
  node:--get_id) ask id "${3?an FQDN is missing}" ;;
  nodegroup:--num_nodegroups) ask num_nodegroups ;;
  nodegroup:--get_local_group_fqdns) ask self_fqdns ;;
  nodegroup:--get_nodegroup_fqdns) ask fqdns "${3?an id is missing}" ;;
  nodegroup:--get_all_fqdns) ask all_fqdns ;;
  *) fail 'macro: node --get_self_index | --get_self_id | --get_index FQDN | --get_id FQDN, or nodegroup --num_nodegroups | --get_local_group_fqdns | --get_nodegroup_fqdns ID | --get_all_fqdns' ;;
  esac
}

base_image() {
  if [ -r /etc/guestconfig/base_img_version ]; then head -n 1 /etc/guestconfig/base_img_version; else echo; fi
}

run() {
  case ${1-} in
  -g | --get) get "${2?a key is missing}" ;;
  --get=*) get "${1#*=}" ;;
  namespace) get "${2?a namespace is missing}${3:+.$3}" ;;
  -v | --version) echo 1.0 ;;
  ccli) [ "${2-}" = version ] && echo 1.0 || fail 'ccli: version' ;;
  --baseimg_version) base_image ;;
  baseimg) [ "${2-}" = version ] && base_image || fail 'baseimg: version' ;;
  --get_local_group_fqdns | --get_nodegroup_fqdns | --get_all_fqdns) macro nodegroup "$@" ;;
  --get_nodegroup_fqdns=*) macro nodegroup --get_nodegroup_fqdns "${1#*=}" ;;
  macro)
    shift
    macro "$@"
    ;;
  --tenant_info) get tenant ;;
  --tenant_info_lookup) get "tenant.${2?a key is missing}" ;;
  -w | --wait* | --tokenwait* | --tokenwake* | --service_key* | --unregister_srvc* | --cp | --execute)
    fail "$1 needs an agent that KubeDirector does not have"
    ;;
  *) fail 'usage: configcli --get KEY | --get_local_group_fqdns | --get_nodegroup_fqdns ID | --get_all_fqdns | --version | --baseimg_version | --tenant_info | --tenant_info_lookup KEY | namespace NAME KEY | macro node|nodegroup ...' ;;
  esac
}

case ${0##*/} in
configmacro) set -- macro "$@" ;;
esac
run "$@"
