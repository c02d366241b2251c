import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Programs of a machine that would need a real one. Packages are taken as installed when the host has them; services are started as processes;
 * other users are ourselves.
 */
const shims: { [name: string]: string } = {
  'apt-get': `
while [ $# -gt 0 ]; do
  case "$1" in
    -o|-t|-c) shift ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
[ "$1" = install ] || exit 0
shift
for package in "$@"; do
  case "$package" in -*|*[!a-zA-Z0-9.+_=:-]*) continue ;; esac
  name=\${package%%[=:]*}
  case "$name" in
    buildbot-slave|buildslave) name=buildbot-worker ;;
  esac
  if command -v "$name" >/dev/null 2>&1 || { command -v dpkg-query >/dev/null 2>&1 && dpkg-query -W "$name" >/dev/null 2>&1; }; then
    echo "(simulator) $package is on this host"
  else
    echo "(simulator) $package is not on this host, and is not installed: what needs it will fail"
  fi
done
exit 0
`,
  systemctl: `
while :; do case "$1" in -*) [ "$1" = --now ] && now=1; shift ;; *) break ;; esac; done
verb=$1
[ $# -gt 0 ] && shift
enabled="$YARD_MACHINE/enabled-services"
find_unit() {
  base=\${1%.service}
  template=$base
  instance=
  case "$base" in *@*) instance=\${base#*@}; template=\${base%%@*}@ ;; esac
  unit=
  for folder in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
    for file in "$folder/$base.service" "$folder/$template.service"; do
      [ -z "$unit" ] && [ -f "$file" ] && unit=$file
    done
  done
  [ -n "$unit" ]
}
value() { sed -n "s/^$1=//p" "$unit" | sed "s|%[iI]|$instance|g" | tail -n 1; }
start_unit() {
  if ! find_unit "$1"; then
    if [ -x "/etc/init.d/\${1%.service}" ]; then "/etc/init.d/\${1%.service}" start; return; fi
    echo "(simulator) there is no service $1 to start"
    return 0
  fi
  command=$(value ExecStart | sed 's/^[-@:+!]*//')
  folder=$(value WorkingDirectory)
  pidfile="$YARD_MACHINE/service-$base.pid"
  if [ -f "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null; then return 0; fi
  environment=$(sed -n 's/^Environment=//p' "$unit" | sed "s|%[iI]|$instance|g" | tr '\\n' ' ')
  file=$(value EnvironmentFile | sed 's/^-//')
  restart=$(value Restart)
  (
    cd "\${folder:-/}" 2>/dev/null || cd /
    if [ -n "$file" ] && [ -f "$file" ]; then set -a; . "$file"; set +a; fi
    while :; do
      eval "env $environment $command"
      case "$restart" in always|on-failure|on-abnormal) sleep 1 ;; *) break ;; esac
    done
  ) &
  echo $! >"$pidfile"
}
stop_unit() {
  pidfile="$YARD_MACHINE/service-\${1%.service}.pid"
  [ -f "$pidfile" ] || return 0
  pid=$(cat "$pidfile")
  rm -f "$pidfile"
  pkill -TERM -P "$pid" 2>/dev/null
  kill "$pid" 2>/dev/null
  return 0
}
for unit_name in "$@"; do
  case "$unit_name" in -*) [ "$unit_name" = --now ] && now=1; continue ;; esac
  case "$verb" in
    enable) grep -qxF "$unit_name" "$enabled" 2>/dev/null || echo "$unit_name" >>"$enabled" ;;
    disable) [ -f "$enabled" ] && { grep -vxF "$unit_name" "$enabled" >"$enabled.new"; mv "$enabled.new" "$enabled"; } ;;
    start) start_unit "$unit_name" ;;
    restart|reload-or-restart) stop_unit "$unit_name"; start_unit "$unit_name" ;;
    stop) stop_unit "$unit_name" ;;
    is-active|status) pidfile="$YARD_MACHINE/service-\${unit_name%.service}.pid"; [ -f "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null && echo active || { echo inactive; exit 3; } ;;
  esac
done
if [ -n "$now" ]; then
  for unit_name in "$@"; do
    case "$unit_name" in -*) continue ;; esac
    case "$verb" in enable) start_unit "$unit_name" ;; disable) stop_unit "$unit_name" ;; esac
  done
fi
case "$verb" in poweroff|halt) exec poweroff ;; reboot) exec reboot ;; esac
exit 0
`,
  service: 'exec systemctl "$2" "$1"',
  'buildbot-slave': `
command=$1
[ $# -gt 0 ] && shift
[ "$command" = create-slave ] && command=create-worker
exec buildbot-worker "$command" "$@"
`,
  sudo: `
while [ $# -gt 0 ]; do
  case "$1" in
    -u|-g|-C|-h|-p|-D) shift; shift ;;
    --) shift; break ;;
    -*) shift ;;
    *=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || exec sh
exec "$@"
`,
  su: `
shell=sh
command=
while [ $# -gt 0 ]; do
  case "$1" in
    -c|--command) command=$2; shift ;;
    -s|--shell) shell=$2; shift ;;
    -g|-G|-w) shift ;;
  esac
  shift
done
[ -n "$command" ] || exec "$shell"
exec "$shell" -c "$command"
`,
  runuser: `
shell=sh
command=
user=
while [ $# -gt 0 ]; do
  case "$1" in
    -u|--user) user=$2; shift ;;
    -g|--group) shift ;;
    -c|--command) command=$2; shift ;;
    -s|--shell) shell=$2; shift ;;
    --) shift; break ;;
    -*) ;;
    *) [ -z "$user" ] || break; user=$1 ;;
  esac
  shift
done
[ -z "$command" ] || exec "$shell" -c "$command"
[ $# -gt 0 ] || exec "$shell"
exec "$@"
`,
  poweroff: 'kill -TERM "$YARD_MACHINE_INIT"; exec sleep 60',
  reboot: 'touch "$YARD_MACHINE/reboot"; kill -TERM "$YARD_MACHINE_INIT"; exec sleep 60',
  shutdown: 'case " $* " in *" -r "*) exec reboot ;; *) exec poweroff ;; esac',
  hostname: 'if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then exit 0; fi; echo "$HOSTNAME"',
  hostnamectl: 'exit 0',
}

const same: { [name: string]: string } = { apt: 'apt-get', dnf: 'apt-get', yum: 'apt-get', buildslave: 'buildbot-slave', halt: 'poweroff' }

/** They would need root, or change what is not there. */
const idle = ['useradd', 'adduser', 'usermod', 'groupadd', 'addgroup', 'chpasswd', 'passwd', 'chown', 'chgrp', 'ufw', 'iptables', 'ip6tables', 'nft', 'timedatectl', 'localectl', 'swapon', 'swapoff', 'mkswap', 'sysctl', 'modprobe', 'dpkg-reconfigure', 'update-rc.d']

/** Writes them into a folder that goes to the front of a machine's PATH. */
export function writeShims(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, script: string) => writeFileSync(join(folder, name), `#!/bin/sh\n${script.trim()}\n`, { mode: 0o755 })
  for (const [name, script] of Object.entries(shims)) write(name, script)
  for (const [name, target] of Object.entries(same)) write(name, `exec ${target} "$@"`)
  for (const name of idle) write(name, 'exit 0')
}
