#!/bin/sh
# Networks on Fashion-MNIST, one seed: 3 to 9 minutes a training on one thread, at most 20. Needs `limner data fashion`.
# Start it twice to use two cores (see runs/lab.sh).
set -eu
. "$(dirname "$0")/lab.sh"
for net in ${*:-lenet cnn}; do
  case $net in
    lenet) recipe="--optimizer adam --lr 0.003 --epochs 20" ;;
    *) recipe="--optimizer nesterov --lr 0.1 --weight-decay 0.0005 --epochs 8" ;;
  esac
  # shellcheck disable=SC2086
  train "fashion-$net-0" fashion --net "$net" --schedule one-cycle --minutes 20 $recipe
done
finish
