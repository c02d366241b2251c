import type { Interpolate } from '@yardmaster/domain'
import { renderable } from './declare.js'

export type BuildbotUserData = {
  /** Debian packages that builds need besides the worker, such as git. */
  packages?: readonly string[]
  /** Shell lines that run as root before the worker starts. */
  before?: string
}

export type YardmasterUserData = BuildbotUserData & {
  /** What starts the worker program on the machine; `yard worker` unless said otherwise. */
  command?: string
  /** Where it is fetched from when it is not in the image: a git URL of Yardmaster. */
  repository?: string
}

/** Of the Node.js that is fetched where the image has none that is new enough. */
const nodeVersion = 'v22.20.0'

/** What a script says as it is: nothing in it is looked up. */
const verbatim = (text: string): string => text.replaceAll('%', '%%')
/** Read from a here-document, a value needs no quoting whatever is in it. */
const given = (variable: string, lookup: string): string => `IFS= read -r ${variable} <<'END_OF_${variable.toUpperCase()}'\n%(worker:${lookup})s\nEND_OF_${variable.toUpperCase()}`
const script = (...parts: string[]): Interpolate => renderable({ $interpolate: `${parts.filter(part => part !== '').join('\n')}\n` })

/** The API and cloud-init run scripts with no home, or root's; a worker gets a folder of its own. */
const beginning = (user: string, { packages = [] }: BuildbotUserData): string => verbatim(`#!/bin/sh
set -eu
export DEBIAN_FRONTEND=noninteractive
home="\${HOME:-/}"
case "$home" in /|/root) home=/var/lib/${user} ;; esac
fetch() {
  for attempt in 1 2 3 4 5; do
    apt-get -q -o DPkg::Lock::Timeout=120 update && apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" && return 0
    sleep "$attempt"
  done
  return 1
}
missing=""
for package in ${packages.map(shellWord).join(' ') || '""'}; do
  [ -z "$package" ] || dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -z "$missing" ] || fetch $missing`)

const shellWord = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

/** Root hands the worker over to its own user, where there is one. */
const runAs = (user: string): string => verbatim(`run() { "$@"; }
if [ "$(id -u)" = 0 ] && [ "$home" = /var/lib/${user} ] && id ${user} >/dev/null 2>&1; then
  run() { runuser -u ${user} -- "$@"; }
  install -d -o ${user} "$home"
else
  mkdir -p "$home"
fi
export HOME="$home"`)

function buildbot(packageName: string, options: BuildbotUserData = {}): Interpolate {
  return script(
    beginning('buildbot', options),
    verbatim(`command -v buildbot-worker >/dev/null 2>&1 || fetch ${packageName}`),
    options.before === undefined ? '' : verbatim(options.before),
    runAs('buildbot'),
    given('name', 'name'), given('password', 'password'), given('url', 'engine'),
    'engine="%(worker:engineHost)s:%(worker:enginePort)s"',
    verbatim(`tls=""
case "$url" in wss:*)
  tls=--use-tls
  python3 -c 'import OpenSSL, service_identity' 2>/dev/null || fetch ca-certificates python3-openssl python3-service-identity ;;
esac`),
    verbatim(`basedir="$home/worker"
[ -f "$basedir/buildbot.tac" ] || run buildbot-worker create-worker --umask=0o22 $tls --protocol=msgpack_experimental_v7 "$basedir" "$engine" "$name" "$password"
chmod 600 "$basedir/buildbot.tac"
run buildbot-worker start "$basedir" || echo "no engine yet: the worker goes on trying"`),
  )
}

/** The program itself, with a Node.js that it runs on. */
const yardmasterFrom = (repository: string): string => verbatim(`if ! command -v yard >/dev/null 2>&1; then
  command -v git >/dev/null 2>&1 && command -v curl >/dev/null 2>&1 && command -v xz >/dev/null 2>&1 || fetch git curl ca-certificates xz-utils
  if ! command -v node >/dev/null 2>&1 || ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    case "$(uname -m)" in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
    mkdir -p /opt/node
    curl -fsSL --retry 5 "https://nodejs.org/dist/${nodeVersion}/node-${nodeVersion}-linux-$arch.tar.xz" | tar -xJ -C /opt/node --strip-components=1
    PATH="/opt/node/bin:$PATH"
  fi
  [ -d /opt/yardmaster ] || git clone -q --depth 1 ${shellWord(repository)} /opt/yardmaster
  (cd /opt/yardmaster && node packages/cli/bin/setup.mjs)
  yard() { node /opt/yardmaster/packages/cli/bin/yard.mjs "$@"; }
fi`)

/**
 * Ready-made scripts for `userData`: the machine's worker connects by itself, by its one-time password. For Debian 12 and later. What is in a
 * machine's user data its builds can read, so the password is good for this machine alone.
 */
export const userData = {
  /** Debian's buildbot-worker (3.6 or later), which speaks MessagePack with the engine. */
  buildbotWorker: (options?: BuildbotUserData): Interpolate => buildbot('buildbot-worker', options),
  /** The same by its old name, as many have it in their user data: the package buildbot-slave brings buildbot-worker. */
  buildbotSlave: (options?: BuildbotUserData): Interpolate => buildbot('buildbot-slave', options),
  /** Yardmaster's own worker: of the image, or fetched from `repository`. */
  yardmasterWorker: (options: YardmasterUserData = {}): Interpolate => script(
    beginning('yardmaster', options),
    options.repository === undefined ? '' : yardmasterFrom(options.repository),
    options.before === undefined ? '' : verbatim(options.before),
    verbatim(`mkdir -p "$home"
export HOME="$home"
umask 077`),
    given('YARD_WORKER_NAME', 'name'), given('password', 'password'), given('YARD_ENGINE', 'engines'),
    verbatim(`printf '%s' "$password" > "$home/password"
umask 022
export YARD_WORKER_NAME YARD_ENGINE YARD_WORKER_PASSWORD_FILE="$home/password" YARD_WORKER_BASEDIR="$home/worker"
${options.command ?? 'yard worker'} >"$home/worker.log" 2>&1 </dev/null &`),
  ),
}
