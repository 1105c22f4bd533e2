# The processors that scripts/test --processors pretends to be; sourced by it.
#
# oneDNN, XLA and the number of threads can be told in the environment, before a process
# starts. Three things cannot be emulated. Eigen's kernels were chosen when TensorFlow was
# built. Those of ARM are in other builds, of NumPy, too. And TensorFlow asks the processor,
# not oneDNN, whether it has bfloat16, so where oneDNN is told less, it ends the process.
# These are covered by the second halves of tests/engine/test_predictor.py and
# test_numpy_predictor.py: the shapes that reach a kernel never vary, and a kernel that minds
# the place of a row is noticed. NumPy's names are those of 2.4; others do not know them all.
# A processor with fewer instructions than a setting names runs it with those it has.

# Name, then what comes before the command of a test.
PROCESSORS=(
  "sse41 env ONEDNN_MAX_CPU_ISA=SSE41 XLA_FLAGS=--xla_cpu_max_isa=SSE4_2 OPENBLAS_CORETYPE=Nehalem NPY_DISABLE_CPU_FEATURES=X86_V3,X86_V4,AVX512_ICL,AVX512_SPR"
  "avx env ONEDNN_MAX_CPU_ISA=AVX XLA_FLAGS=--xla_cpu_max_isa=AVX OPENBLAS_CORETYPE=Sandybridge NPY_DISABLE_CPU_FEATURES=X86_V3,X86_V4,AVX512_ICL,AVX512_SPR"
  "avx2 env ONEDNN_MAX_CPU_ISA=AVX2 XLA_FLAGS=--xla_cpu_max_isa=AVX2 OPENBLAS_CORETYPE=Haswell NPY_DISABLE_CPU_FEATURES=X86_V4,AVX512_ICL,AVX512_SPR"
  "no-onednn env TF_ENABLE_ONEDNN_OPTS=0"
  "onednn env TF_ENABLE_ONEDNN_OPTS=1"
  "avx2-no-onednn env TF_ENABLE_ONEDNN_OPTS=0 ONEDNN_MAX_CPU_ISA=AVX2"
  "one-thread env OMP_NUM_THREADS=1"
  "four-threads env OMP_NUM_THREADS=4"
  "one-core taskset -c 0"
)
TESTS_OF_PROCESSORS=(
  tests/engine/test_numpy_predictor.py
  tests/engine/test_oracle.py
  tests/engine/test_predictor.py
  tests/test_reproducibility.py
  tests/test_sklearn.py
)

NEED_BFLOAT16=(
  "tests/engine/test_predictor.py::test_a_row_has_the_same_bits_alone_and_among_any_others[bfloat16]"
  "tests/engine/test_predictor.py::test_a_row_has_the_same_bits_alone_and_among_any_others[bfloat16, maxout]"
  "tests/engine/test_predictor.py::test_a_row_has_the_same_bits_alone_and_among_any_others[images, bfloat16]"
  "tests/engine/test_predictor.py::test_every_number_of_rows_gives_the_same_bits[bfloat16]"
)

# Runs pytest with the further arguments, or those tests, as each processor of the list
# $1, names between commas; all if it is empty. Goes on after a failure, fails at last.
run_on_processors() {
  local chosen=$1 processor name failed="" left_out
  shift
  [ $# -gt 0 ] || set -- "${TESTS_OF_PROCESSORS[@]}"
  for processor in "${PROCESSORS[@]}"; do
    name=${processor%% *}
    [[ -z "$chosen" || ",$chosen," == *",$name,"* ]] || continue
    left_out=()
    [[ "$processor" != *ONEDNN_MAX_CPU_ISA* ]] || left_out=("${NEED_BFLOAT16[@]/#/--deselect=}")
    echo "== $name: ${processor#* }"
    # shellcheck disable=SC2086 # a setting is words
    ${processor#* } .venv/bin/python -m pytest --quiet "${left_out[@]}" "$@" \
      || failed="$failed${failed:+, }$name"
  done
  [ -z "$failed" ] || echo "Failed: $failed" >&2
  [ -z "$failed" ]
}
