#!/usr/bin/env bash
# Puts a whole VS Code and what drives it into a folder: install.sh FOLDER
#
#   FOLDER/node/bin                               Node, by scripts/vsix/node.sh
#   FOLDER/editor/node_modules/code-server        VS Code with its extension host, for a browser
#   FOLDER/editor/node_modules/playwright-core    drives the browser
#
# All of it are packages of npm. None of their install scripts runs: they would compile modules that the editor can do without.
# A second call with the same versions changes nothing.
set -Eeuo pipefail

CODE_SERVER=4.139.1 PLAYWRIGHT=1.65.1 WATCHER=2.5.6

main() {
    local folder machine made_of
    machine=$(npm_name)
    "$(dirname "${BASH_SOURCE[0]}")/../../scripts/vsix/node.sh" "$1"
    folder=$(cd "$1" && pwd)
    export PATH="$folder/node/bin:$PATH"
    made_of="code-server $CODE_SERVER, playwright-core $PLAYWRIGHT, watcher $WATCHER, $machine"
    if [ -f "$folder/editor/made-of" ] && [ "$(cat "$folder/editor/made-of")" = "$made_of" ]; then
        return 0
    fi
    # Also what an interrupted call left.
    rm -rf "$folder/editor"
    mkdir "$folder/editor"
    cd "$folder/editor"
    echo '{"private": true}' >package.json
    quiet_npm --no-save --omit=optional "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT"
    # The editor inside brings a list of its own dependencies, which a script would have installed.
    cd node_modules/code-server/lib/vscode
    quiet_npm --omit=dev --omit=optional
    # Without it, changes made outside the editor go unseen.
    quiet_npm --no-save --omit=dev --omit=optional "@parcel/watcher-$machine-glibc@$WATCHER"
    echo "$made_of" >"$folder/editor/made-of"
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

quiet_npm() {
    npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$@"
}

main "$@"
