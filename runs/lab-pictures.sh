#!/bin/sh
# Networks on CIFAR-10: at most 30 minutes a training on one thread, the best network 55. `runs/lab-pictures.sh resnet8`
# trains that one alone; SEEDS="0 1 2" takes more seeds than one. Needs `limner data cifar10`. Start it twice to
# use two cores (see runs/lab.sh).
set -eu
. "$(dirname "$0")/lab.sh"
sgd="--optimizer nesterov --weight-decay 0.0005 --batch 128"
for seed in ${SEEDS:-0}; do
  for net in ${*:-airbench-half lenet alexnet-small googlenet-narrow resnet8 resnet20 mobilenet-half mobilenetv2-half airbench-quarter}; do
    minutes=30
    case $net in
      lenet) recipe="--optimizer adam --lr 0.003 --batch 64 --epochs 60" ;;
      alexnet-small) recipe="$sgd --lr 0.02 --epochs 13" ;;
      googlenet-narrow) recipe="$sgd --lr 0.1 --epochs 6" ;;
      resnet8) recipe="$sgd --lr 0.2 --epochs 20" ;;
      resnet20) recipe="$sgd --lr 0.2 --epochs 8" ;;
      mobilenet-half) recipe="$sgd --lr 0.1 --epochs 14" ;;
      mobilenetv2-half) recipe="$sgd --lr 0.1 --epochs 5" ;;
      airbench-quarter) recipe="$sgd --lr 0.2 --label-smoothing 0.2 --epochs 32" ;;
      airbench-half) recipe="$sgd --lr 0.2 --label-smoothing 0.2 --epochs 24" minutes=55 ;;
      *) recipe="$sgd --lr 0.1 --epochs 8" ;;
    esac
    # shellcheck disable=SC2086
    train "pictures-$net-$seed" pictures --net "$net" --seed "$seed" --schedule one-cycle \
      --minutes "$minutes" $recipe
  done
done
finish
