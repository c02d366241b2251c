#!/bin/sh
# Takes what holds a password from a file when NAME_FILE names one (a mounted secret), so that it is not part of the container's definition.
set -eu
for name in DATABASE_URL NATS_URL REDIS_URL PGPASSWORD; do
  eval "file=\${${name}_FILE:-}"
  [ -n "$file" ] || continue
  if [ ! -r "$file" ]; then
    echo "${name}_FILE: cannot read $file: mount the secret there, readable for user $(id -u)" >&2
    exit 1
  fi
  value=$(cat "$file")
  export "$name=$value"
  unset "${name}_FILE"
done
exec "$@"
