# Setup packages: an archive with one folder in it that has a `startscript`.

_most_entries=100000
# Texts are packed to a tenth of their size; what unpacks to much more is no package.
_most_unpacked=16

install_package() {
  has tar || fail member 'the image has no tar, without which no setup package can be unpacked'
  has gzip || fail member 'the image has no gzip, without which no setup package can be unpacked'
  _work=$_job/work
  mkdir -p "$_work/unpacked"
  tell 'phase fetching'
  fetch "$_package" "$_work/package.tgz" "$_package_limit" || fail package "the setup package could not be fetched: $_why"
  [ -z "$_package_sha256" ] || check_sum
  tell 'phase unpacking'
  unzip_package
  check_listing
  trying untar || bad_package "cannot be unpacked: $_words"
  inspect "$_work/unpacked" ''
  find_start_script "$_work/unpacked"
  [ -n "$_script" ] || bad_package 'has no folder with a startscript in it'
  [ -z "$_second_script" ] || bad_package 'has more than one folder with a startscript in it'
  trying chmod u+x "$_script" || bad_package "has a startscript that cannot be made executable: $_words"
  swap_in
  rm -rf "$_work"
}

bad_package() {
  fail package "the setup package $1"
}

check_sum() {
  has sha256sum || fail member 'the image has no sha256sum, without which the checksum of a setup package cannot be checked'
  _sum=$(sha256sum <"$_work/package.tgz")
  [ "${_sum%% *}" = "$(printf '%s' "$_package_sha256" | tr 'A-F' 'a-f')" ] ||
    bad_package "has another SHA-256 checksum than the app says: ${_sum%% *}"
}

unzip_package() {
  _most=$((_package_limit * _most_unpacked))
  { gzip -dc <"$_work/package.tgz" 2>"$_job/why" && echo 0 >"$_job/code"; } | within "$_most" >"$_work/package.tar"
  size "$_work/package.tar"
  [ "$_size" -le "$_most" ] || bad_package "unpacks to more than $_most_unpacked times the size that packages may have"
  [ -f "$_job/code" ] || {
    last_words "$_job/why"
    bad_package "is not a whole tar.gz archive: $_words"
  }
  rm -f "$_work/package.tgz" "$_job/code"
}

# What is in it, before anything is written. Listings are made to be read by people, so links are looked at again afterwards.
check_listing() {
  LC_ALL=C tar -tf "$_work/package.tar" >"$_work/names" 2>"$_job/why" &&
    LC_ALL=C tar -tvf "$_work/package.tar" >"$_work/entries" 2>>"$_job/why" || {
    last_words "$_job/why"
    bad_package "is not a tar archive: $_words"
  }
  # busybox shows names without what leads out of the folder, and says so.
  last_words "$_job/why"
  case $_words in
  *emoving\ leading*) bad_package 'has an absolute path or one with .. in it' ;;
  esac
  _count=0
  while IFS= read -r _entry; do
    _count=$((_count + 1))
    case /$_entry/ in
    //*) bad_package "has an absolute path in it: $_entry" ;;
    */../*) bad_package "has a path with .. in it: $_entry" ;;
    esac
  done <"$_work/names"
  [ "$_count" -gt 0 ] || bad_package 'is empty'
  [ "$_count" -le "$_most_entries" ] || bad_package "has more than $_most_entries entries"
  _total=0
  while read -r _kind _whose _bytes _entry; do
    case $_kind in
    -* | d* | l* | h*) ;;
    *) bad_package "has something in it that is neither file, folder nor link: $_entry" ;;
    esac
    # Hard links are ` link to ` for GNU, and files with an arrow for busybox, which would make them to anywhere.
    case $_kind:$_entry in
    [l-]*' -> /'* | -*' -> ../'* | -*' -> '*/../* | *' link to /'* | *' link to ../'* | *' link to '*/../*)
      bad_package "has a link in it that leads out of it: $_entry"
      ;;
    esac
    case $_bytes in
    *[!0-9]* | '') ;;
    # Files with holes are larger than what they are packed in.
    *) [ "${#_bytes}" -lt 18 ] && _total=$((_total + _bytes)) || _total=$((_most + 1)) ;;
    esac
    [ "$_total" -le "$_most" ] || bad_package "unpacks to more than $_most_unpacked times the size that packages may have"
  done <"$_work/entries"
}

untar() (
  umask "$_umask" && tar -xf "$_work/package.tar" -C "$_work/unpacked"
)

# inspect FOLDER UP: UP has a letter for every folder between it and the one that was unpacked into.
inspect() {
  for _entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -h "$_entry" ]; then
      stays_inside "$(readlink "$_entry")" "$2" || bad_package "has a link in it that leads out of it: ${_entry#"$_work/unpacked/"}"
    elif [ -d "$_entry" ]; then
      inspect "$_entry" "x$2"
    elif [ -e "$_entry" ] && [ ! -f "$_entry" ]; then
      bad_package "has something in it that is neither file, folder nor link: ${_entry#"$_work/unpacked/"}"
    fi
  done
}

# stays_inside TARGET UP: upwards only at its beginning, and no further than there are folders. After a name, `..` may be anywhere,
# since the name may be a link.
stays_inside() {
  _target=$1
  _up=$2
  case $_target in /*) return 1 ;; esac
  while :; do
    case $_target in
    .) return 0 ;;
    ./*) _target=${_target#./} ;;
    /*) _target=${_target#/} ;;
    .. | ../*)
      [ -n "$_up" ] || return 1
      _up=${_up#x}
      _target=${_target#..}
      ;;
    *) break ;;
    esac
  done
  case /$_target/ in */../*) return 1 ;; esac
}

# find_start_script FOLDER: in _script; when there is another, in _second_script.
find_start_script() {
  _script=
  _second_script=
  for _entry in "$1"/*/startscript; do
    [ -f "$_entry" ] || continue
    [ -z "$_script" ] || _second_script=$_entry
    [ -n "$_script" ] || _script=$_entry
  done
}

# What was there goes first, and the folder with the script comes last: there are never two, and never half of one.
swap_in() {
  mkdir "$_work/old"
  for _entry in "$_home"/*; do
    [ -e "$_entry" ] || [ -h "$_entry" ] || continue
    trying mv -f "$_entry" "$_work/old/" || fail member "$_home cannot be emptied: $_words"
  done
  _folder=${_script%/startscript}
  _last=
  for _entry in "$_work"/unpacked/* "$_work"/unpacked/.[!.]* "$_folder"; do
    [ -e "$_entry" ] || [ -h "$_entry" ] || continue
    case $_entry in */.kubedirector) continue ;; esac
    if [ "$_entry" = "$_folder" ] && [ -z "$_last" ]; then
      _last=yes
      continue
    fi
    trying mv -f "$_entry" "$_home/" || fail member "the setup package cannot be put into $_home: $_words"
  done
}
