# Installs configcli: install.sh LAYOUT FOLDER, where FOLDER is that of this file.
#
# In the new layout it goes where a volume keeps it, and /usr/bin gets links from elsewhere.

set -eu
bin=/usr/bin
library=/usr/lib/configcli
if [ "$1" = new ]; then
  bin=/usr/local/bin
  library=/usr/local/lib/configcli
fi
command -v awk >/dev/null 2>&1 || {
  echo 'the image has no awk, which configcli reads configmeta with' >&2
  exit 1
}
mkdir -p /var/log/guestconfig/configcli "$bin" "$library"
cp "$2/configcli.awk" "$library/configcli.awk"
sed "s|@LIBRARY@|$library|" "$2/configcli.sh" >"$bin/.configcli.new"
chmod 644 "$library/configcli.awk"
chmod 755 "$bin/.configcli.new"
for name in ccli configmacro bdvcli bd_vcli; do
  ln -sf configcli "$bin/$name"
done
# Scripts in Python find it as a module, of a package of the same name.
if command -v python3 >/dev/null 2>&1; then
  if [ "$1" = new ]; then
    find='import site; print(site.getusersitepackages())'
    export PYTHONUSERBASE=/usr/local
  else
    find='import sys, sysconfig; print([p for p in sys.path if p.endswith("-packages")] and [p for p in sys.path if p.endswith("-packages")][0] or sysconfig.get_path("purelib"))'
  fi
  modules=$(python3 -c "$find")/configcli
  mkdir -p "$modules"
  cp "$2/configcli.py" "$modules/configcli.py"
  echo 'from configcli.configcli import ConfigCli' >"$modules/__init__.py"
  chmod 644 "$modules/configcli.py" "$modules/__init__.py"
fi
# Last, since it is what shows that all is there.
mv -f "$bin/.configcli.new" "$bin/configcli"
