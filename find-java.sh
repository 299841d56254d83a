#!/bin/sh
# Print the home of a Java 17+ runtime. With --install: install one through apt as root where there
# is none, or print the command that does.
set -u

usable() {
    [ -x "$1/bin/java" ] || return 1
    version=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${version:-0}" -ge 17 ]
}

find_java() {
    on_path=$(command -v java 2>/dev/null) && on_path=$(readlink -f "$on_path") && on_path=${on_path%/bin/java}
    for home in "${JAVA_HOME:-}" "${on_path:-}" /usr/lib/jvm/*; do
        if [ -n "$home" ] && usable "$home"; then
            echo "$home"
            return 0
        fi
    done
    return 1
}

find_java && exit 0
[ "${1:-}" = "--install" ] || exit 1

"$(dirname "$0")/need.sh" openjdk-17-jre-headless && find_java && exit 0
echo "Spark needs a Java 17+ runtime; JAVA_HOME may name one." >&2
exit 2
