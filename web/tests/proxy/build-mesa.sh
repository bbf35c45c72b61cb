#!/bin/sh
# Builds what Debian's packages of Mesa lack, in the folder $1 with the source of Mesa $2 (setup.sh): stand-ins for kernel
# drivers, which run nothing, of Intel, Adreno and Mali; and the Vulkan drivers of Adreno and Mali, which Debian has for
# Arm alone.
set -eu
folder=$1
mesa=$2
cd "$folder"
python3 -m venv tools
tools/bin/pip install -q meson==1.6.1 ninja==1.11.1.3 mako==1.3.8 packaging==24.2 pyyaml==6.0.2
libraries=$folder/dev/usr/lib/x86_64-linux-gnu
sed -i "s#^prefix=.*#prefix=$folder/dev/usr#; s#^libdir=.*#libdir=$libraries#
  s#^includedir=/usr#includedir=$folder/dev/usr#" "$libraries"/pkgconfig/*.pc
cp -an root/usr/lib/x86_64-linux-gnu/libdrm.so.2* "$libraries/"
tar xJf "mesa_$mesa.orig.tar.xz"
cd "mesa-$mesa"
# Mesa builds Intel's stand-in with all of Intel's tools, or not at all. These are its parts.
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
meson setup ../mesa-build . --buildtype=plain -Doptimization=0 -Dvulkan-drivers=freedreno,panfrost -Dgallium-drivers= \
  -Dfreedreno-kmds=msm -Dtools=drm-shim -Dplatforms= -Dopengl=false -Dglx=$off -Degl=$off -Dgbm=$off -Dgles1=$off \
  -Dgles2=$off -Dllvm=$off -Dzstd=$off -Dlibunwind=$off -Dvalgrind=$off -Dshader-cache=$off -Dxmlconfig=$off
cd ../mesa-build
built="src/intel/libintel_noop_drm_shim.so src/freedreno/drm-shim/libfreedreno_noop_drm_shim.so
  src/freedreno/vulkan/libvulkan_freedreno.so src/panfrost/drm-shim/libpanfrost_noop_drm_shim.so
  src/panfrost/vulkan/libvulkan_panfrost.so"
ninja $built
cp $built "$folder/"
