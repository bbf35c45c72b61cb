# Sourced by runs/lab-*.sh: one training of the lab, in a folder of its own.
#
# Every training takes one thread, unless its options say another number. A finished one is passed over, and one that was stopped resumes. One that
# another process is at is passed over too, so a script that is started twice uses two cores.
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
python=${PYTHON:-.venv/bin/python}
failed=""

# train NAME TASK OPTION...: the folder is limner-lab/NAME.
train() {
  name=$1 task=$2
  shift 2
  if [ -e "limner-lab/$name/record.json" ]; then
    return
  fi
  echo "== $name"
  "$python" -m limner lab "$task" --threads 1 --out "limner-lab/$name" "$@" || failed="$failed $name"
}

# finish: say what is left, and exit with 1 if there is any.
finish() {
  if [ -n "$failed" ]; then
    echo "Not finished:$failed" >&2
    exit 1
  fi
}
