#!/usr/bin/env bash
# apt-of.sh SUITE FOLDER COMMAND... : runs an apt-get COMMAND against another Debian SUITE, from the archive that this
# machine already uses and verified with Debian's keys, in a FOLDER of its own: the system stays as it is.
set -euo pipefail
suite=$1 folder=$2
shift 2

mkdir -p "$folder"/{state/lists/partial,cache/archives/partial}
if [ ! -e "$folder/apt.conf" ]; then
  archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | grep '/debian/*$' | head -n 1)
  [ -n "$archive" ] || { echo "no Debian archive among this machine's apt sources (is it Debian?)" >&2; exit 1; }
  : >"$folder/status"
  cat >"$folder/debian.sources" <<SOURCES
Types: deb deb-src
URIs: $archive
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
  cat >"$folder/apt.conf.new" <<CONF
Dir::Etc::sourcelist "$folder/debian.sources";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Dir::State "$folder/state";
Dir::State::status "$folder/status";
Dir::Cache "$folder/cache";
APT::Architectures {"amd64";};
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
  APT_CONFIG=$folder/apt.conf.new apt-get -qq update
  mv "$folder/apt.conf.new" "$folder/apt.conf"
fi
export APT_CONFIG=$folder/apt.conf
exec apt-get -qq "$@"
