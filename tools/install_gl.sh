#!/bin/sh
# Install the OpenGL libraries that MuJoCo and OpenCV load, where they are missing and we may.
set -eu
PATH="$PATH:/usr/sbin:/sbin"  # ldconfig
packages='libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 libglib2.0-0'

present() {
    for library in libEGL.so.1 libGL.so.1 libgthread-2.0.so.0; do
        ldconfig -p 2>/dev/null | grep -q "$library" || return 1
    done
}

present && exit 0
command -v apt-get >/dev/null || { echo "Please install OpenGL with EGL (Mesa) and GLib." >&2; exit 1; }
command="apt-get install -y --no-install-recommends $packages"
if [ "$(id -u)" = 0 ]; then
    apt-get update -q && DEBIAN_FRONTEND=noninteractive $command
elif sudo -n true 2>/dev/null; then
    sudo apt-get update -q && sudo DEBIAN_FRONTEND=noninteractive $command
else
    echo "The renderer needs system libraries. Please run: sudo $command" >&2
    exit 1
fi
