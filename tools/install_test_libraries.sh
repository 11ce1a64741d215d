#!/bin/sh
# Install what single tests need, where it is missing and we may: libsdformat, which the tests of
# the Gazebo world ask, and OSMesa, to draw without EGL. Without them these tests are skipped.
PATH="$PATH:/usr/sbin:/sbin"  # ldconfig
missing=
ldconfig -p 2>/dev/null | grep -q 'libsdformat12.so' || missing="$missing libsdformat12-12"
ldconfig -p 2>/dev/null | grep -q 'libOSMesa.so' || missing="$missing libosmesa6"
[ -n "$missing" ] && [ "$(id -u)" = 0 ] || exit 0
command -v apt-get >/dev/null || exit 0
install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >/dev/null 2>&1
}
for package in $missing; do
    install "$package" || { apt-get update -qq >/dev/null 2>&1; install "$package" || true; }
done
