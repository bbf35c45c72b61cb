#!/bin/sh
# Networks on MNIST, three seeds each: 2 to 9 minutes a training on one thread, at most 20. `runs/lab-digits.sh lenet cnn`
# trains these alone. Needs `limner data mnist`. Start it twice to use two cores (see runs/lab.sh).
set -eu
. "$(dirname "$0")/lab.sh"
for seed in 0 1 2; do
  for net in ${*:-lenet cnn codelab perceptron resnet8 mobilenet-quarter airbench-quarter}; do
    case $net in
      perceptron) recipe="--optimizer adam --lr 0.001 --epochs 30 --no-augment" ;;
      codelab) recipe="--optimizer adam --lr 0.003 --epochs 20" ;;
      lenet) recipe="--optimizer adam --lr 0.003 --epochs 20" ;;
      cnn) recipe="--optimizer nesterov --lr 0.1 --weight-decay 0.0005 --epochs 8" ;;
      airbench-quarter) recipe="--optimizer nesterov --lr 0.1 --weight-decay 0.0005 --epochs 12" ;;
      *) recipe="--optimizer nesterov --lr 0.05 --weight-decay 0.0005 --epochs 8" ;;
    esac
    # shellcheck disable=SC2086
    train "digits-$net-$seed" digits --net "$net" --seed "$seed" --schedule one-cycle --minutes 20 $recipe
  done
done
finish
