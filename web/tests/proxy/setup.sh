#!/bin/sh
# Fetches what `npm run proxy` needs into the folder $1, once: Mesa's Vulkan drivers with their libraries, Dawn for Node,
# and Mesa's stand-in for Intel's kernel driver, which Debian does not ship and which is built here. Nothing is installed.
# Debian only; ends with a sentence where something cannot be had.
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
mesa=25.0.7
package="$mesa-2~bpo12+1"
# Raise it with changes of this script, so that it runs again.
version="1 $package"
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
for command in apt-get dpkg gcc npm python3; do
  command -v $command >/dev/null || fail "$command is missing."
done
[ -r $keyring ] || fail "This is not Debian: $keyring is missing."
[ "$(uname -m)" = x86_64 ] || fail "The drivers are those for x86-64."
rm -rf "$folder"
mkdir -p "$folder/deb" "$folder/dev" "$folder/lists/partial" "$folder/root" "$folder/sources"
cd "$folder"

# The drivers come from Debian 12 and its backports, whatever this system is.
printf '%s\n' 'Types: deb deb-src' 'URIs: http://deb.debian.org/debian' 'Suites: bookworm bookworm-backports' \
  'Components: main' "Signed-By: $keyring" > sources/debian.sources
from="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$folder/sources -o Dir::State::Lists=$folder/lists
  -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
echo "fetching Mesa $mesa ..." >&2
apt-get $from update -qq || fail "Debian's packages cannot be reached."
(
  cd deb
  apt-get $from download -qq "mesa-vulkan-drivers=$package"
  libraries=$(dpkg-deb -f mesa-vulkan-drivers*.deb Depends | tr ',' '\n' | sed 's/ *|.*//; s/^ *//; s/ .*//' |
    grep -vE '^(libc6|libgcc-s1|libstdc\+\+6|python3.*)$')
  for library in $libraries libbsd0 libedit2 libicu72 libmd0 libtinfo6 libxml2 libz3-4; do
    apt-get $from download -qq "$library/bookworm-backports" 2>/dev/null || apt-get $from download -qq "$library/bookworm"
  done
  apt-get $from download -qq libvulkan-dev/bookworm
) || fail "Mesa $package cannot be had."
for deb in deb/*.deb; do dpkg -x "$deb" root; done

echo "fetching Dawn ..." >&2
npm install --silent --no-audit --no-fund --prefix "$folder" "webgpu@$webgpu" || fail "webgpu cannot be had from npm."
compile_shim

echo "building Intel's stand-in, which takes some minutes ..." >&2
(
  python3 -m venv tools
  tools/bin/pip install -q meson==1.6.1 ninja==1.11.1.3 mako==1.3.8 packaging==24.2 pyyaml==6.0.2
  (cd deb && for need in bison flex libdrm-dev libpciaccess-dev m4 zlib1g-dev; do
    apt-get $from download -qq "$need/bookworm-backports" 2>/dev/null || apt-get $from download -qq "$need/bookworm"
  done)
  for need in bison flex libdrm-dev libpciaccess-dev m4 zlib1g-dev; do
    for deb in deb/"$need"_*.deb; do dpkg -x "$deb" dev; done
  done
  libraries=$folder/dev/usr/lib/x86_64-linux-gnu
  sed -i "s#^prefix=.*#prefix=$folder/dev/usr#; s#^libdir=.*#libdir=$libraries#
    s#^includedir=/usr#includedir=$folder/dev/usr#" "$libraries"/pkgconfig/*.pc
  cp -an root/usr/lib/x86_64-linux-gnu/libdrm.so.2* "$libraries/"
  # Only the upstream tarball of the package is needed.
  apt-get $from source -qq --download-only "mesa=$package" || true
  tar xJf "mesa_$mesa.orig.tar.xz"
  cd "mesa-$mesa"
  # Mesa builds the stand-in with all of Intel's tools, or not at all. These are its parts.
  cat > src/intel/meson.build <<'M'
inc_intel = include_directories('.')
with_intel_elk = false
intel_common_args = []
subdir('genxml')
subdir('dev')
subdir('isl')
subdir('common')
shared_library(
  'intel_noop_drm_shim',
  ['tools/intel_noop_drm_shim.c', intel_dev_serialize_src],
  include_directories: [inc_include, inc_src, inc_intel],
  dependencies: [dep_libdrm, dep_drm_shim, idep_mesautil, idep_libintel_common, idep_intel_dev, idep_parson],
  gnu_symbol_visibility : 'hidden',
)
M
  sed -i 's/^if with_any_intel$/if true/' src/meson.build
  export PATH="$folder/tools/bin:$folder/dev/usr/bin:$PATH" PKG_CONFIG_PATH="$libraries/pkgconfig"
  export BISON_PKGDATADIR="$folder/dev/usr/share/bison" M4="$folder/dev/usr/bin/m4"
  off=disabled
  meson setup ../mesa-build . --buildtype=plain -Doptimization=0 -Dvulkan-drivers= -Dgallium-drivers= -Dtools=drm-shim \
    -Dplatforms= -Dopengl=false -Dglx=$off -Degl=$off -Dgbm=$off -Dgles1=$off -Dgles2=$off -Dllvm=$off -Dzstd=$off \
    -Dlibunwind=$off -Dvalgrind=$off -Dshader-cache=$off -Dxmlconfig=$off
  ninja -C ../mesa-build src/intel/libintel_noop_drm_shim.so
  cp ../mesa-build/src/intel/libintel_noop_drm_shim.so "$folder/"
) > intel.log 2>&1 || fail "Intel's stand-in was not built: $folder/intel.log has the reason."
rm -rf deb dev lists mesa-build "mesa-$mesa" mesa_* sources tools
echo "$version" > version
