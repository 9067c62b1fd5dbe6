#!/usr/bin/env bash
# Builds a base image with this machine's Node, without pulling one: for machines that reach an npm registry and no image registry.
# For tests; a service in production builds on node:20-bookworm-slim or another image that is kept up to date.
#
#   docker/node-image.sh [NAME]         NAME defaults to millrace/node; then: docker build --build-arg BASE=NAME ...
#
# Needs docker, and node with npm on Linux with glibc. npm's configuration and the certificates that NODE_EXTRA_CA_CERTS names come along,
# since `npm ci` in the build needs what it needs outside.
set -euo pipefail

name=${1:-millrace/node}
for tool in docker node npm; do
  command -v "$tool" >/dev/null || { echo "docker/node-image.sh needs '$tool', and it is not installed" >&2; exit 1; }
done

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{tmp,root,etc/ssl,usr/bin,usr/lib/node_modules}
ln -s usr/bin "$root/bin"

# A shell and the tools that the Dockerfile and npm's scripts call.
for tool in sh env mkdir chown chmod cat ls rm uname id; do cp -L "$(command -v $tool)" "$root/bin/$tool"; done
cp -L "$(command -v node)" "$root/usr/bin/node"
npm_folder=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
cp -R "$npm_folder" "$root/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/bin/npx"

for program in "$root"/usr/bin/*; do ldd "$program" 2>/dev/null || true; done |
  sed -nE 's/.*(=> |^\s)(\/[^ ]+) \(.*/\2/p' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
# The rest of glibc: loaded by name when a host is looked up, or linked by native modules.
for library in /lib/*-linux-gnu/lib{nss_dns,nss_files,resolv,rt,util,dl,pthread,m,anl}.so.*; do
  [ -e "$library" ] || continue
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
printf 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nnode:x:1000:\n' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"

changes=(-c 'ENV PATH=/usr/bin:/bin')
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  cp -L "$NODE_EXTRA_CA_CERTS" "$root/etc/ssl/extra-ca.pem"
  chmod 0644 "$root/etc/ssl/extra-ca.pem"
  changes+=(-c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/extra-ca.pem')
fi
npm config get registry >/dev/null && echo "registry=$(npm config get registry)" >"$root/root/.npmrc"

tar -C "$root" -c . | docker import "${changes[@]}" - "$name" >/dev/null
echo "built $name (Node $(node --version), $(docker image inspect --format '{{.Size}}' "$name" | sed 's/......$//') MB)"
