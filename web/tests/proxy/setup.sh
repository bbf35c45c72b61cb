#!/bin/sh
# Fetches what `npm run proxy` needs into the folder $1, once: Mesa's Vulkan drivers with their libraries, Dawn for Node,
# and what Debian does not ship and is built here. Nothing is installed. Debian only; ends with a sentence where something
# cannot be had.
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
mesa=25.0.7
package="$mesa-2~bpo12+1"
# Raise it with changes of this script, so that it runs again.
version="2 $package"
# A day on which Debian had that package.
snapshot=20250929T000000Z
valid_until=true
webgpu=0.6.2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
  echo "$1" >&2
  exit 1
}
# The shim is this checkout's, so it is compiled each time.
compile_shim() {
  gcc -O1 -shared -fPIC -I"$folder/root/usr/include" "$here/shim.c" -o "$folder/libshim.so" -ldl
  printf '{"file_format_version": "1.0.0", "ICD": {"api_version": "1.3.0", "library_path": "%s/libshim.so"}}\n' \
    "$folder" > "$folder/shim.json"
}
if [ "$(cat "$folder/version" 2>/dev/null)" = "$version" ]; then
  compile_shim
  exit
fi
for command in apt-get dpkg gcc g++ npm pkg-config python3 xz; do
  command -v $command >/dev/null || fail "$command is missing."
done
[ -r $keyring ] || fail "This is not Debian: $keyring is missing."
[ "$(uname -m)" = x86_64 ] || fail "The drivers are those for x86-64."
rm -rf "$folder"
mkdir -p "$folder/deb" "$folder/dev" "$folder/lists/partial" "$folder/root" "$folder/sources"
cd "$folder"

# The drivers come from Debian 12 and its backports, whatever this system is.
set_mirror() {
  printf '%s\n' 'Types: deb deb-src' "URIs: $1" 'Suites: bookworm bookworm-backports' \
    'Components: main' "Signed-By: $keyring" > sources/debian.sources
  apt update -qq || fail "Debian's packages cannot be reached: $folder/apt.log has the reason."
}
apt() {
  apt-get -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$folder/sources" \
    -o "Dir::State::Lists=$folder/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \
    -o "Acquire::Check-Valid-Until=$valid_until" "$@" 2>> apt.log
}
# Fetches packages and unpacks them into a folder.
unpack() {
  to=$1
  shift
  for name; do
    (cd deb && { apt download -qq "$name/bookworm-backports" || apt download -qq "$name/bookworm"; }) ||
      fail "Debian's package $name cannot be had: $folder/apt.log has the reason."
    dpkg -x deb/"$name"_*.deb "$to"
  done
}
echo "fetching Mesa $mesa ..." >&2
set_mirror http://deb.debian.org/debian
fetch_drivers() {
  (cd deb && apt download -qq "mesa-vulkan-drivers=$package")
}
if ! fetch_drivers; then
  # Backports keep one version of a package. Debian's archive of former days keeps this one, in lists that have expired.
  valid_until=false
  set_mirror "http://snapshot.debian.org/archive/debian/$snapshot"
  fetch_drivers || fail "Mesa $package cannot be had from Debian, nor from its archive."
fi
unpack root $(dpkg-deb -f deb/mesa-vulkan-drivers_*.deb Depends | tr ',' '\n' |
  sed 's/ *|.*//; s/^ *//; s/ .*//' | grep -vE '^(libc6|libgcc-s1|libstdc\+\+6|python3.*)$')
unpack root libbsd0 libedit2 libicu72 libmd0 libtinfo6 libvulkan-dev libxml2 libz3-4
dpkg -x deb/mesa-vulkan-drivers_*.deb root
unpack dev bison flex glslang-tools libdrm-dev libpciaccess-dev m4 zlib1g-dev
# Only the upstream tarball of the package is needed.
apt source -qq --download-only "mesa=$package" || [ -f "mesa_$mesa.orig.tar.xz" ] ||
  fail "The source of Mesa $mesa cannot be had from Debian."

echo "fetching Dawn ..." >&2
npm install --silent --no-audit --no-fund --prefix "$folder" "webgpu@$webgpu" || fail "webgpu cannot be had from npm."
compile_shim

echo "building stand-ins for kernel drivers and the drivers of phones, which takes some minutes ..." >&2
sh "$here/build-mesa.sh" "$folder" "$mesa" > mesa.log 2>&1 ||
  fail "Mesa's parts were not built: $folder/mesa.log has the reason."
rm -rf deb dev lists mesa-build "mesa-$mesa" mesa_* sources tools
echo "$version" > version
