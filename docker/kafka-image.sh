#!/usr/bin/env bash
# Builds an image of Apache Kafka without pulling one: for machines that reach a Maven repository and no image registry.
# It understands what tests and compose.yaml use of apache/kafka: KAFKA_* variables become server.properties, and
# /opt/kafka/bin has the tools. For tests and demos; in production run Kafka's own image.
#
#   docker/kafka-image.sh [NAME]        NAME defaults to millrace/kafka:4.1.0; then: KAFKA_IMAGE=NAME npm test
#
# Needs docker, mvn and a JDK 17 or later with jlink, on Linux.
set -euo pipefail

version=4.1.0
name=${1:-millrace/kafka:$version}
for tool in docker mvn jlink; do
  command -v "$tool" >/dev/null || { echo "docker/kafka-image.sh needs '$tool', and it is not installed" >&2; exit 1; }
done

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,tmp,etc,opt/kafka/bin,opt/kafka/libs,opt/kafka/config,var/lib/kafka}

cat >"$root/tmp/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId><artifactId>kafka-image</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
POM
mvn --batch-mode --quiet --file "$root/tmp/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$root/opt/kafka/libs"
rm "$root/tmp/pom.xml"

jlink --no-header-files --no-man-pages --strip-debug --compress=2 --output "$root/opt/java" \
  --add-modules java.base,java.desktop,java.logging,java.management,java.naming,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.management,jdk.unsupported,jdk.crypto.ec

# A shell, its few tools, and the libraries of all programs in the image.
for tool in sh env sed cat ls sleep; do cp -L "$(command -v $tool)" "$root/bin/$tool"; done
find "$root/bin" "$root/opt/java" -type f \( -perm -u+x -o -name '*.so' \) -print0 |
  xargs -0 -n1 ldd 2>/dev/null | sed -nE 's/.*(=> |^\s)(\/[^ ]+) \(.*/\2/p' | sort -u | while read -r library; do
    case $library in "$root"*) continue ;; esac
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
# The rest of glibc, for native libraries that come in jars (compression).
for library in /lib/*-linux-gnu/lib{nss_files,nss_dns,resolv,rt,util,dl,pthread,m}.so.* /lib/*-linux-gnu/libgcc_s.so.*; do
  [ -e "$library" ] || continue
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'kafka:x:1000:1000::/opt/kafka:/bin/sh' >"$root/etc/passwd"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

cat >"$root/opt/kafka/config/log4j2.xml" <<'XML'
<Configuration status="ERROR">
  <Appenders><Console name="out"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
  </Loggers>
</Configuration>
XML

cat >"$root/opt/kafka/bin/run" <<'SH'
#!/bin/sh
# KAFKA_FOO_BAR=x becomes foo.bar=x; two underscores stand for one, three for a dash.
set -e
cd /opt/kafka
env | sed -nE '/^KAFKA_(HEAP_OPTS|OPTS|IMAGE)=/d; s/^KAFKA_([A-Z0-9_]+)=(.*)$/\1\n\2/; T; P; s/^[^\n]*\n//; p' | {
  while IFS= read -r key && IFS= read -r value; do
    key=$(printf '%s\n' "$key" | sed 's/___/-/g; s/__/%/g; s/_/./g; s/%/_/g; y/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/')
    printf '%s=%s\n' "$key" "$value"
  done
} >/var/lib/kafka/server.properties
case $(cat /var/lib/kafka/server.properties) in *log.dirs=*) ;; *) echo 'log.dirs=/var/lib/kafka/data' >>/var/lib/kafka/server.properties ;; esac
bin/java-main kafka.tools.StorageTool format --ignore-formatted --cluster-id "${CLUSTER_ID:-bWlsbHJhY2UtYnJva2VyMQ}" --config /var/lib/kafka/server.properties
exec bin/java-main kafka.Kafka /var/lib/kafka/server.properties
SH
cat >"$root/opt/kafka/bin/java-main" <<'SH'
#!/bin/sh
exec /opt/java/bin/java ${KAFKA_HEAP_OPTS:--Xmx512m} -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.xml -cp '/opt/kafka/libs/*' "$@"
SH
tool() { # name, class and fixed parameters
  printf '#!/bin/sh\nexec /opt/kafka/bin/java-main %s "$@"\n' "$2" >"$root/opt/kafka/bin/$1"
}
tool kafka-topics.sh org.apache.kafka.tools.TopicCommand
tool kafka-consumer-groups.sh org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
tool kafka-console-producer.sh org.apache.kafka.tools.ConsoleProducer
tool kafka-console-consumer.sh org.apache.kafka.tools.consumer.ConsoleConsumer
tool kafka-broker-api-versions.sh org.apache.kafka.tools.BrokerApiVersionsCommand
chmod +x "$root"/opt/kafka/bin/*
chmod 1777 "$root/tmp"
chown -R 1000:1000 "$root/var/lib/kafka" 2>/dev/null || chmod 0777 "$root/var/lib/kafka"

tar -C "$root" -c . | docker import \
  -c 'ENV PATH=/opt/java/bin:/bin' -c 'USER 1000' -c 'EXPOSE 9092' -c 'ENTRYPOINT ["/opt/kafka/bin/run"]' - "$name" >/dev/null
echo "built $name ($(docker image inspect --format '{{.Size}}' "$name" | sed 's/......$//') MB)"
