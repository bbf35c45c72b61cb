#!/bin/sh
# `npm run proxy`: compiles the engine's kernels with the drivers of GPUs that are not here, and holds them to their
# gates. Where the drivers cannot be had it says why, and ends well unless LIMNER_PROXY_REQUIRED is set.
here=$(cd "$(dirname "$0")" && pwd)
# Its own folder, which setup.sh deletes to begin anew.
folder=${XDG_CACHE_HOME:-$HOME/.cache}/limner/proxy
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if ! sh "$here/setup.sh" "$folder"; then
  echo "The kernels were not compiled for real GPUs."
  [ -z "$LIMNER_PROXY_REQUIRED" ]
  exit
fi
cd "$here/../.."
LIMNER_PROXY=$folder exec npx vitest run --project proxy "$@"
