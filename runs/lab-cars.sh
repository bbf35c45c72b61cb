#!/bin/sh
# Miles per gallon by horsepower: a line, twice as many epochs, and a curve; seconds each, three seeds. Adam and
# batches of 32, as in the seed's codelab. Needs `limner data cars`.
set -eu
. "$(dirname "$0")/lab.sh"
for seed in 0 1 2; do
  train "cars-line-50-$seed" cars --net line --lr 0.01 --epochs 50 --seed "$seed"
  train "cars-line-100-$seed" cars --net line --lr 0.01 --epochs 100 --seed "$seed"
  train "cars-curve-100-$seed" cars --net curve --lr 0.01 --epochs 100 --seed "$seed"
done
finish
