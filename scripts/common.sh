# Shared by the scripts beside it; sourced, not run.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
logs="$root/.build/logs"
interop_cache="${XDG_CACHE_HOME:-$HOME/.cache}/meshwork/interop"

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }

# fail STATUS MESSAGE…: 1 the thing asked for failed, 2 usage, 3 this machine lacks something.
fail() {
  local status="$1"
  shift
  warn "$@"
  exit "$status"
}

# The comment at the head of a script is its usage text.
usage_of() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"; }

# with_deadline SECONDS COMMAND…: no terminal input, and never longer than that.
with_deadline() {
  local seconds="$1"
  shift
  timeout --kill-after=15 "$seconds" "$@" < /dev/null
}
