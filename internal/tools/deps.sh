#!/usr/bin/env bash
# Installs what the tests and the demo need beside Go: a C compiler for the race
# detector, debootstrap, systemd-nspawn, MariaDB 10.11, and small Debian trees
# with MySQL 9.7, MariaDB 11.8 and a bootable systemd. Idempotent, and quick when
# nothing is missing. Works on Debian and Ubuntu, as root or with sudo.
#
#   deps.sh          what tests and demo need
#   deps.sh bench    also what the program is measured against: mydumper, myloader
#
#   TIDEGATE_CACHE            where the trees go (default /var/cache/tidegate)
#   TIDEGATE_MYSQL_ROOT       the MySQL tree itself
#   TIDEGATE_MARIADB118_ROOT  the MariaDB 11.8 tree itself
set -euo pipefail

wanted=${1:-}
case $wanted in '' | bench) ;; *) printf 'usage: deps.sh [bench]\n' >&2; exit 2 ;; esac

cache=${TIDEGATE_CACHE:-/var/cache/tidegate}
mysql_root=${TIDEGATE_MYSQL_ROOT:-$cache/mysql}
mariadb118_root=${TIDEGATE_MARIADB118_ROOT:-$cache/mariadb118}
mariadb1011_root=$cache/mariadb1011 # only where the system has no MariaDB 10.11
systemd_root=$cache/systemd

say() { printf 'deps: %s\n' "$*"; }

# retry runs a command up to three times: mirrors have bad moments.
retry() {
	local n
	for n in 1 2 3; do
		"$@" && return 0
		[ "$n" = 3 ] || { say "retrying: $*"; sleep $((n * 5)); }
	done
	return 1
}

# mariadb_is_1011 asks the installed server.
mariadb_is_1011() { [ -x /usr/sbin/mariadbd ] && /usr/sbin/mariadbd --version 2>/dev/null | grep -q 'Ver 10\.11\.'; }

have_mariadb() { [ -x "$mariadb1011_root/usr/sbin/mariadbd" ] || mariadb_is_1011; }

# missing_packages prints the packages whose programs are not there.
missing_packages() {
	command -v gcc >/dev/null && [ -e /usr/include/stdlib.h ] || echo gcc libc6-dev
	command -v debootstrap >/dev/null || echo debootstrap
	command -v systemd-nspawn >/dev/null || echo systemd-container
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || echo debian-archive-keyring
	[ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
	[ "$wanted" != bench ] || { command -v mydumper && command -v myloader; } >/dev/null || echo mydumper
}

missing_trees() {
	[ -x "$mysql_root/usr/sbin/mysqld" ] || echo mysql
	[ -x "$mariadb118_root/usr/sbin/mariadbd" ] || echo mariadb118
	[ -x "$systemd_root/usr/lib/systemd/systemd" ] || echo systemd
}

complete() { have_mariadb && [ -z "$(missing_packages)$(missing_trees)" ]; }

become_root() {
	[ "$(id -u)" = 0 ] && return
	local keep=TIDEGATE_CACHE,TIDEGATE_MYSQL_ROOT,TIDEGATE_MARIADB118_ROOT,http_proxy,https_proxy
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		exec sudo -n --preserve-env="$keep" "$0" $wanted
	fi
	say "missing: $( (missing_packages; missing_trees; have_mariadb || echo mariadb) | xargs). Run \`make ${wanted:-deps}\` once as root." >&2
	exit 1
}

# no_service_starts keeps apt from starting what it installs.
no_service_starts() {
	[ -e /usr/sbin/policy-rc.d ] && return
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod +x /usr/sbin/policy-rc.d
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

apt_install() {
	say "installing $*"
	DEBIAN_FRONTEND=noninteractive retry apt-get -qq -o DPkg::Lock::Timeout=300 install -y \
		--no-install-recommends --no-remove "$@" </dev/null >/dev/null
}

# install_mariadb takes the system's package if that is 10.11 and disturbs
# nothing that is installed; otherwise the server gets a tree.
install_mariadb() {
	have_mariadb && return
	local policy
	policy=$(apt-cache policy mariadb-server) # not into grep -q, which ends it early and fails the pipe
	if [[ $policy == *'Candidate: 1:10.11.'* ]] && ! command -v mysqld mariadbd >/dev/null; then
		apt_install mariadb-server || return
		# It came for its program: nobody asked for a system server at boot.
		if [ -d /run/systemd/system ]; then systemctl disable --quiet mariadb.service || true; fi
	else
		tree "$mariadb1011_root" bookworm usr/sbin/mariadbd mariadb-server
	fi
}

# debian_mirror is the one this machine's apt uses for Debian; empty (then
# debootstrap's own default holds) if it uses none, as on Ubuntu.
debian_mirror() {
	# shellcheck disable=SC2016 # apt's format, not the shell's
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1 || true
}

# tree DIR SUITE PROGRAM PACKAGES makes a Debian tree that has PROGRAM.
tree() {
	local dir=$1 suite=$2 program=$3 packages=$4
	[ -x "$dir/$program" ] && return
	say "making a Debian $suite tree with $packages (about two minutes)"
	mkdir -p "$(dirname "$dir")"
	retry bootstrap "$dir" "$suite" "$packages" || { say "no tree in $dir; its log: $dir.log"; tail -n 20 "$dir.log"; return 1; } >&2
	[ -x "$dir/$program" ] || { say "the tree in $dir has no $program" >&2; return 1; }
}

bootstrap() {
	local dir=$1 suite=$2 packages=$3 partial=$1.partial mirror
	mirror=$(debian_mirror)
	discard "$partial"
	# $mirror may be nothing at all, and is then no argument.
	if ! debootstrap --variant=minbase --include="$packages" "$suite" "$partial" ${mirror:+"$mirror"} >"$dir.log" 2>&1 </dev/null; then
		discard "$partial"
		return 1
	fi
	rm -rf "$partial"/var/cache/apt/archives/*.deb "$partial"/var/lib/apt/lists/*
	if [ -d "$dir" ]; then discard "$dir"; fi
	mv "$partial" "$dir"
	rm -f "$dir.log"
}

# discard removes a half-made tree, in which debootstrap may have mounted /proc.
discard() {
	[ -d "$1" ] || return 0
	umount -R "$1/proc" "$1/sys" 2>/dev/null || true
	rm -rf --one-file-system "$1"
}

complete && exit 0
become_root
mkdir -p "$cache"
exec 9>"$cache/deps.lock"
flock 9 # another make may be at it
complete && exit 0

# debootstrap downloads by itself: give it apt's proxy.
if [ -z "${http_proxy:-}" ]; then
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	if [ -n "${proxy:-}" ]; then export http_proxy=$proxy; fi
fi

no_service_starts
packages=$(missing_packages)
if [ -n "$packages" ] || ! have_mariadb; then
	retry apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null
fi
# shellcheck disable=SC2086 # a list of words
[ -z "$packages" ] || apt_install $packages

# What follows is independent, and mostly waits for the network and the disk.
jobs=()
install_mariadb & jobs+=($!)
tree "$mysql_root" sid usr/sbin/mysqld mysql-server-core,mysql-client & jobs+=($!)
tree "$mariadb118_root" trixie usr/sbin/mariadbd mariadb-server & jobs+=($!)
tree "$systemd_root" trixie usr/lib/systemd/systemd systemd,systemd-sysv,dbus & jobs+=($!)
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
[ "$failed" = 0 ] || exit 1
complete || { say "still missing: $( (missing_packages; missing_trees) | xargs)" >&2; exit 1; }
say "complete"
