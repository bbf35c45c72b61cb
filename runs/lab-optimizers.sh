#!/bin/sh
# The optimizers compared: the same network, epochs and seeds, a constant rate. Each first takes three rates for
# one seed and a few epochs, and keeps the one that is best on held-out pictures.
#
#     runs/lab-optimizers.sh digits lenet 5      about 80 minutes on one thread
#     runs/lab-optimizers.sh pictures lenet 15   about 3 hours
#
# Start it twice to use two cores (see runs/lab.sh). It compares only when all rates are tried: where the other
# one is still at a rate, it ends, and has to be started again.
set -eu
. "$(dirname "$0")/lab.sh"
task=${1:-digits} net=${2:-lenet} epochs=${3:-5}
optimizers="sgd momentum nesterov adagrad adadelta rmsprop adam adamw lion muon"

rates_of() {
  case $1 in
    sgd) echo 0.03 0.1 0.3 ;;
    momentum | nesterov) echo 0.003 0.01 0.03 ;;
    adagrad) echo 0.005 0.01 0.03 ;;
    adadelta) echo 0.3 1 3 ;;
    rmsprop) echo 0.0003 0.001 0.003 ;;
    lion) echo 0.0001 0.0003 0.001 ;;
    muon) echo 0.001 0.003 0.01 ;;
    *) echo 0.0003 0.001 0.003 ;;
  esac
}

for optimizer in $optimizers; do
  for rate in $(rates_of "$optimizer"); do
    train "rates-$task-$net-$optimizer-$rate" "$task" --net "$net" --optimizer "$optimizer" --lr "$rate" \
      --epochs "$(((epochs + 2) / 3))"
  done
done
finish
for seed in 0 1 2; do
  for optimizer in $optimizers; do
    rate=$("$python" scripts/lab_results.py best-rate limner-lab/rates-"$task-$net-$optimizer"-*)
    train "optimizers-$task-$net-$optimizer-$seed" "$task" --net "$net" --optimizer "$optimizer" --lr "$rate" \
      --epochs "$epochs" --seed "$seed"
  done
done
finish
