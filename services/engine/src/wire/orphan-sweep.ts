import { MARKER, type StockCommand } from './buildbot-arguments.js'

/** How often it looks, at a tenth of a second each. */
const ROUNDS = 50

/**
 * A shell command that kills every process of these commands (they are marked in their environment), with its process group, until none is left.
 * With `children`, also whatever else the worker's process has started: for a worker on which nothing may run. Succeeds when nothing is left, seen twice,
 * as a process that is just becoming another program shows no environment; else prints what is.
 */
export function sweepCommand(commandIds: string[], children: boolean, basedir: string): StockCommand {
  const marks = commandIds.map(id => `${MARKER}=${id}`)
  // An argument has its bound, of 128 KiB on Linux; a pattern per line has none of the shell's meaning.
  return { name: 'shell', args: { workdir: basedir, command: ['/bin/sh', '-c', SCRIPT, 'sweep', children ? 'children' : 'marked', String(ROUNDS), marks.join('\n')], env: {}, timeout: 20, maxTime: 20, logEnviron: false, usePTY: false } }
}

/** $$ is this shell and $PPID the worker. /proc where there is one; else ps, which shows environments after the arguments. */
const SCRIPT = `
mode=$1 rounds=$2 marks=$3 worker=$PPID
numbers() {
  read -r line < "/proc/$1/stat" || return 1
  set -- \${line##*) }
  state=$1 parent=$2 group=$3
} 2>/dev/null
from_proc() {
  for file in $(grep -lzxF -e "$marks" /proc/[0-9]*/environ); do pid=\${file#/proc/}; echo "\${pid%/environ}"; done
  [ "$mode" = children ] || return 0
  for folder in /proc/[0-9]*; do
    pid=\${folder#/proc/}
    numbers "$pid" && [ "$parent" = "$worker" ] && [ "$state" != Z ] && echo "$pid"
  done
} 2>/dev/null
from_ps() {
  ps axeww -o pid= -o command= | while read -r pid rest; do
    case $rest in *' sweep '*) continue ;; esac
    for mark in $marks; do case " $rest " in *" $mark "*) echo "$pid"; break ;; esac; done
  done
  [ "$mode" = children ] || return 0
  ps ax -o pid= -o ppid= -o stat= | while read -r pid parent state; do case $parent/$state in "$worker"/Z*) ;; "$worker"/*) echo "$pid" ;; esac; done
} 2>/dev/null
if [ -r /proc/self/environ ]; then look=from_proc; else look=from_ps; fi
own=$(ps -o pgid= -p $$ 2>/dev/null | tr -d ' ')
if numbers $$; then own=$group; fi
if numbers "$worker"; then workers=$group; else workers=$(ps -o pgid= -p "$worker" 2>/dev/null | tr -d ' '); fi
none=0
while :; do
  left=
  for pid in $($look); do
    [ "$pid" = $$ ] && continue
    left="$left $pid"
    group=
    numbers "$pid" || group=$(ps -o pgid= -p "$pid" 2>/dev/null | tr -d ' ')
    case $group in ''|0|1|"$own"|"$workers") ;; *) kill -KILL "-$group" 2>/dev/null ;; esac
    kill -KILL "$pid" 2>/dev/null
  done
  if [ -n "$left" ]; then none=0; else none=$((none + 1)); fi
  [ "$none" -ge 2 ] && exit 0
  rounds=$((rounds - 1))
  [ "$rounds" -le 0 ] && break
  sleep 0.1 2>/dev/null || sleep 1
done
echo "still running:$left"
exit 1
`
