#!/usr/bin/env bash
# Puts a whole VS Code and what drives it into a folder: install.sh FOLDER
#
#   FOLDER/node/bin                               Node, as the editor wants it
#   FOLDER/editor/node_modules/code-server        VS Code with its extension host, for a browser
#   FOLDER/editor/node_modules/playwright-core    drives the browser
#
# All of it are packages of npm. None of their install scripts runs: they would compile modules that the editor can do without.
# A second call with the same versions changes nothing.
set -Eeuo pipefail

NODE=24.21.0 CODE_SERVER=4.139.1 PLAYWRIGHT=1.65.1 WATCHER=2.5.6

main() {
    local folder machine made_of
    folder=$(mkdir -p "$1" && cd "$1" && pwd)
    machine=$(npm_name)
    made_of="node $NODE, code-server $CODE_SERVER, playwright-core $PLAYWRIGHT, watcher $WATCHER, $machine"
    if [ -f "$folder/made-of" ] && [ "$(cat "$folder/made-of")" = "$made_of" ]; then
        return 0
    fi
    if ! command -v npm >/dev/null; then
        echo "The tests in the editor need npm: install Node.js with npm so that \`npm\` is in the PATH." >&2
        return 1
    fi
    # Also what an interrupted call left.
    rm -rf "$folder/made-of" "$folder/node" "$folder/node-package" "$folder/editor"

    package "$folder/node-package" "node-$machine@$NODE"
    ln -s "node-package/node_modules/node-$machine" "$folder/node"
    export PATH="$folder/node/bin:$PATH"

    package "$folder/editor" --omit=optional "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT"
    # The editor inside brings a list of its own dependencies, which a script would have installed.
    cd "$folder/editor/node_modules/code-server/lib/vscode"
    quiet_npm --omit=dev --omit=optional
    # Without it, changes made outside the editor go unseen.
    quiet_npm --no-save --omit=dev --omit=optional "@parcel/watcher-$machine-glibc@$WATCHER"
    echo "$made_of" >"$folder/made-of"
}

npm_name() {
    case $(uname -sm) in
    "Linux x86_64") echo linux-x64 ;;
    "Linux aarch64") echo linux-arm64 ;;
    *)
        echo "The tests in the editor run on Linux, x86-64 or ARM; this is $(uname -sm)." >&2
        return 1
        ;;
    esac
}

# package FOLDER ARGUMENTS: installs packages in a folder of their own.
package() {
    mkdir -p "$1"
    cd "$1"
    echo '{"private": true}' >package.json
    shift
    quiet_npm --no-save "$@"
}

quiet_npm() {
    npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$@"
}

main "$@"
