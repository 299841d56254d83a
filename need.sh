#!/bin/sh
# Install a Debian package as root, or print the command that does.
set -u
command="apt-get install -y --no-install-recommends $1"
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Missing: $1. $command" >&2
    { apt-get update && $command; } >&2
    exit $?
fi
echo "Missing: $1. Install it: sudo $command" >&2
exit 2
