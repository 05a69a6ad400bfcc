# shellcheck shell=bash
# Debian packages: installs what is missing of the groups in apt-packages.txt.

packages_of() {
  local group
  for group in "$@"; do awk -v group="$group" '$1 == group { print $2 }' deploy/bootstrap/apt-packages.txt; done
}

# Of the named packages, those that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | awk '$2 == "installed" { print $1 }' || true)
  printf '%s\n' "$@" | grep -vxF -f <(printf '%s\n' "$installed") || true
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# ensure_packages GROUP…
ensure_packages() {
  local wanted missing
  mapfile -t wanted < <(packages_of "$@")
  command -v dpkg-query >/dev/null || die "this is not Debian: install what these packages hold, by other means: ${wanted[*]}"
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "packages are missing and there is neither root nor sudo. As root: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
  local hint="Is there a network, and is this Debian 12 (bookworm)?"
  quietly build/log/apt-update.log "$hint" as_root "${apt[@]}" update
  quietly build/log/apt-install.log "$hint" as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}
