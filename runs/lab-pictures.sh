#!/bin/sh
# Networks on CIFAR-10: at most 30 minutes a training on one thread, the best network 60 on two.
# `runs/lab-pictures.sh resnet8` trains that one alone; SEEDS="0 1 2" takes more seeds than one. Needs `limner data cifar10`. Start it twice to
# use two cores (see runs/lab.sh). bfloat16 where it is faster: on processors with AVX512-BF16 or AMX; on others
# these trainings take much longer. MINUTES=120 gives each more time by the clock, where others use the machine.
set -eu
. "$(dirname "$0")/lab.sh"
sgd="--optimizer nesterov --weight-decay 0.0005 --batch 128"
for seed in ${SEEDS:-0}; do
  for net in ${*:-airbench resnet8 lenet airbench-quarter alexnet-small resnet20 googlenet-narrow mobilenet-half mobilenetv2-half}; do
    minutes=${MINUTES:-30} precision=bfloat16
    case $net in
      lenet) recipe="--optimizer adam --lr 0.003 --batch 64 --epochs 60" precision=float32 ;;
      alexnet-small) recipe="$sgd --lr 0.02 --epochs 20" ;;
      googlenet-narrow) recipe="$sgd --lr 0.1 --epochs 10" ;;
      resnet8) recipe="$sgd --lr 0.2 --epochs 20" ;;
      resnet20) recipe="$sgd --lr 0.2 --epochs 15" ;;
      mobilenet-half) recipe="$sgd --lr 0.1 --epochs 14" precision=float32 ;;
      mobilenetv2-half) recipe="$sgd --lr 0.1 --epochs 5" ;;
      airbench-quarter) recipe="$sgd --lr 0.2 --label-smoothing 0.2 --epochs 32" ;;
      airbench) recipe="$sgd --lr 0.2 --label-smoothing 0.2 --epochs 28 --threads 2" minutes=${MINUTES:-60} ;;
      *) recipe="$sgd --lr 0.1 --epochs 8" ;;
    esac
    # shellcheck disable=SC2086
    train "pictures-$net-$seed" pictures --net "$net" --seed "$seed" --schedule one-cycle --precision $precision \
      --minutes "$minutes" $recipe
  done
done
finish
