#!/usr/bin/env bash
# Checks the image and compose.yaml for real: builds, starts Kafka and two replicas, counts words, stops one replica, counts on with
# the other. Prints what it checked; exit 0 only if all of it held. Takes KAFKA_IMAGE and BASE as compose.yaml does, and cleans up.
set -euo pipefail
cd "$(dirname "$0")"

project=millrace-verify
export MILLRACE_IMAGE=${MILLRACE_IMAGE:-millrace}
export KAFKA_PORT=${KAFKA_PORT:-29192}
if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
compose+=(-p "$project" -f compose.yaml)

fail() {
  echo "FAILED: $*" >&2
  "${compose[@]}" logs --no-color --tail 40 >&2 || true
  exit 1
}
held() { echo "ok: $*"; }

# Waits until a command succeeds: first its name for people, then the seconds, then the command.
until_true() {
  local what=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "not within time: $what${last:+ (last: $last)}"
    sleep 0.5
  done
}

replicas() { docker ps -q --filter "label=com.docker.compose.project=$project" --filter 'label=com.docker.compose.service=word-count'; }
all_healthy() { [ "$(for id in $(replicas); do docker inspect -f '{{.State.Health.Status}}' "$id"; done | sort | uniq -c | tr -s ' ')" = ' 2 healthy' ]; }

# From outside, with the plain clients that the tests use.
client() { KAFKA="127.0.0.1:$KAFKA_PORT" node -e "const kafka = require('../dist/test/support/kafka-clients.js'); const brokers = [process.env.KAFKA]; (async () => { $1 })()" "${@:2}"; }
produce() { client 'await kafka.produce(brokers, "sentences", process.argv.slice(1).map((value) => ({ value })))' "$@"; }
# The last count of every word, as 'word=count ...' in order.
counts() { client 'const last = kafka.lastValues(await kafka.readTopic(brokers, "word-counts")); console.log([...last].map(([word, count]) => `${word}=${count}`).sort().join(" "))'; }
counts_are() { last=$(counts); [ "$last" = "$1" ]; }

[ -e ../dist/test/support/kafka-clients.js ] || (cd .. && npm run --silent setup && npm run --silent build)
trap '"${compose[@]}" down -v --remove-orphans >/dev/null 2>&1' EXIT

"${compose[@]}" up -d --build >/dev/null 2>/tmp/millrace-verify.log || { cat /tmp/millrace-verify.log >&2; fail 'compose up'; }
rm -f /tmp/millrace-verify.log
until_true 'two healthy replicas' 120 all_healthy
held "two replicas are healthy"

one=$(replicas | head -1)
[ "$(docker exec "$one" node -p 'process.getuid()')" != 0 ] || fail 'the service runs as root'
held 'the service does not run as root'
docker exec "$one" node -e '
  const fs = require("node:fs");
  const { dependencies, devDependencies } = require("/app/package.json");
  const installed = (name) => fs.existsSync(`/app/node_modules/${name}`);
  const missing = Object.keys(dependencies).filter((name) => !installed(name));
  const surplus = Object.keys(devDependencies).filter((name) => !(name in dependencies) && installed(name));
  if (missing.length + surplus.length > 0) { console.error({ missing, surplus }); process.exit(1); }
' || fail 'other packages than the production dependencies'
held 'the image has the production dependencies and no others'

produce 'to be or not to be' 'that is the question'
until_true 'counts of the first sentences' 60 counts_are 'be=2 is=1 not=1 or=1 question=1 that=1 the=1 to=2'
held 'the counts are right'

docker stop --time 30 "$one" >/dev/null
code=$(docker inspect -f '{{.State.ExitCode}}' "$one")
[ "$code" = 0 ] || fail "SIGTERM ended the service with exit code $code"
held 'SIGTERM ends a replica with exit code 0'

produce 'to be continued'
until_true 'counts after one replica has gone' 60 counts_are 'be=3 continued=1 is=1 not=1 or=1 question=1 that=1 the=1 to=3'
held 'the other replica counts on, from the same counts'
