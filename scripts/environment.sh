# Makes virtual environments with skdeep in them; sourced by demo, test and check.
# Needs a supported Python with its venv module, and nothing else.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The Python versions that pyproject.toml names, oldest first.
supported_pythons() {
  sed -n 's/.*"Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml
}

# Prints python3, if its version is among "$@", else python3.N for one that is.
find_python() {
  local command version found=""
  for command in python3 "${@/#/python}"; do
    version=$("$command" -c 'import sys; print("%d.%d" % sys.version_info[:2])' \
      2>/dev/null) || continue
    if [[ " $* " == *" $version "* ]]; then
      echo "$command"
      return
    fi
    found="$found${found:+, }$command is Python $version"
  done
  {
    echo "skdeep needs Python $(echo "$*" | sed 's/ / or /g') here; found" \
      "${found:-no python3}."
    echo "Install one, so that python3 or python3.N starts it, and run this again."
  } >&2
  return 1
}

# Makes the environment $1 with one of the Python versions in the further arguments,
# unless it is there and works.
make_environment() {
  local folder=$1 python
  shift
  if "$folder/bin/python" -c "" 2>/dev/null; then
    return
  fi
  python=$(find_python "$@") || return
  echo "Making $folder with $("$python" --version)"
  if ! "$python" -m venv --clear "$folder"; then
    rm -rf "$folder"
    echo "'$python -m venv' failed; the message above says what is missing." >&2
    return 1
  fi
}

# Installs skdeep with the extra $2 into the environment $1; further arguments go to
# pip. Done again only when pyproject.toml or the place of the checkout has changed.
install_extra() {
  local folder=$1 extra=$2 stamp=$1/installed-$2
  shift 2
  if [ "$(pwd && cat pyproject.toml)" = "$(cat "$stamp" 2>/dev/null)" ]; then
    return
  fi
  echo "Installing skdeep[$extra] into $folder; the first time this takes minutes"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
    --editable ".[$extra]" "$@"
  (pwd && cat pyproject.toml) >"$stamp"
}

# The environment for people: newest versions, in .venv, with the extra $1.
prepare() {
  # shellcheck disable=SC2046 # a version is a word
  make_environment .venv $(supported_pythons)
  install_extra .venv "$1"
}

# The environment with the oldest Python and the oldest versions that are allowed.
prepare_lowest() {
  local folder=.venv-lowest
  make_environment "$folder" "$(supported_pythons | head -n 1)"
  "$folder/bin/python" scripts/lowest_versions.py "$1" >"$folder/constraints.txt"
  install_extra "$folder" "$1" --constraint "$folder/constraints.txt"
}
