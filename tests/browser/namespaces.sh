#!/usr/bin/env bash
# Runs a command in a network namespace joined by a veth pair to another one, for the server:
#
#   server  10.77.0.1/24 fd77::1/64  ◄── veth ──►  10.77.0.2/24 fd77::2/64  browsers, this command
#
# So candidates are real addresses, and nothing else on the machine is reached or disturbed.
# Needs root. Without it the command runs on the host's own addresses, and says so.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: namespaces.sh COMMAND [ARGUMENT…]" >&2; exit 2; }

server=millrace-s$$
browser=millrace-b$$

if ! ip netns add "$server" 2>/dev/null; then
  echo "no network namespaces here (not root?): the browser tests use this host's addresses"
  exec "$@"
fi

cleanup() {
  for space in "$server" "$browser"; do
    # Only what runs in the namespaces made here.
    for pid in $(ip netns pids "$space" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
    ip netns del "$space" 2>/dev/null || true
  done
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ip netns add "$browser"
ip link add "ms$$" type veth peer name "mb$$"
ip link set "ms$$" netns "$server" name eth0
ip link set "mb$$" netns "$browser" name eth0

set_up() { # namespace, last part of its addresses, last part of the other's
  # No waiting whether an address is taken: one that comes later is a change of network to a
  # browser, which then cuts its connections.
  ip netns exec "$1" sysctl -qw net.ipv6.conf.eth0.accept_dad=0
  ip -n "$1" link set lo up
  ip -n "$1" link set eth0 up
  ip -n "$1" addr add "10.77.0.$2/24" dev eth0
  ip -n "$1" addr add "fd77::$2/64" dev eth0
  # Browsers look for the address towards the world; this is the way there, as far as it goes.
  ip -n "$1" route add default via "10.77.0.$3"
  ip -n "$1" -6 route add default via "fd77::$3"
  # Losing the first address must not take the second with it (address_change.mjs).
  ip netns exec "$1" sysctl -qw net.ipv4.conf.all.promote_secondaries=1
}
set_up "$server" 1 2
set_up "$browser" 2 1

export MILLRACE_SERVER_NAMESPACE=$server MILLRACE_SERVER_ADDRESS=10.77.0.1
status=0
ip netns exec "$browser" "$@" || status=$?
exit "$status"
