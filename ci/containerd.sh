# Sourced by what compares with a real containerd: start_containerd FOLDER starts one whose files all lie in that folder, at
# FOLDER/containerd.sock, waits until it answers, and sets containerd_pid. The PATH tells which one. Needs root.

# Builds containerd 2.3 and its ctr in target/containerd2, unless they are there.
build_containerd2() {
    # What is built must be what is committed: neither go.mod nor go.sum changes here.
    (cd tests/containerd2 && GOFLAGS="-mod=readonly -buildvcs=false" go build -ldflags "-s -w" -o "$CARGO_TARGET_DIR/containerd2/" \
        ./containerd github.com/containerd/containerd/v2/cmd/ctr)
}

start_containerd() {
    local folder=$1
    cat >"$folder/config.toml" <<END
version = 2
root = "$folder/root"
state = "$folder/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.restart"]
[grpc]
  address = "$folder/containerd.sock"
[debug]
  level = "fatal"
# It collects when it is asked to, so that nothing goes by chance in the middle of a test.
[plugins."io.containerd.gc.v1.scheduler"]
  mutation_threshold = 0
  startup_delay = "0s"
  pause_threshold = 0.0000001
END
    containerd --config "$folder/config.toml" 2>"$folder/containerd.log" &
    containerd_pid=$!
    wait_for_server "$folder/containerd.sock" "$folder/containerd.log"
}

# wait_for_server SOCKET [LOG]
wait_for_server() {
    for _ in $(seq 200); do
        if ctr --address "$1" version >/dev/null 2>&1; then return; fi
        sleep 0.05
    done
    echo "nobody answers at $1" >&2
    if [ $# -gt 1 ]; then cat "$2" >&2; fi
    return 1
}
