#!/bin/sh
# Makes the secrets of compose.yaml, each once: what is there already stays.
set -eu
cd "$(dirname "$0")"
# The folder keeps others out. The files are readable, since the users inside the containers are not you.
mkdir -p -m 700 secrets
cd secrets
keep() { [ -s "$1" ] || { printf %s "$2" > "$1" && chmod 444 "$1"; }; }
# The letter in front keeps nats-server from reading a number.
password() { keep "$1" "p$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"; }
password postgres-password
password nats-password
password redis-password
password w1
password admin
keep nats-url "nats://yardmaster:$(cat nats-password)@nats:4222"
keep redis-url "redis://:$(cat redis-password)@redis:6379"
