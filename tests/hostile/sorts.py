"""Texts that try to make the checker work more than their size is worth.

Each sort is a name, the kind that it is checked as, and a function that makes a text of about so many bytes.
"""

import json

DIGEST = "sha256:" + "0" * 64


def repeat(piece, size):
    """The piece as often as it fits."""
    return piece * max(1, size // len(piece))


def several(size, make, *, pretty=False):
    """A list of what `make` gives for 0, 1, 2 …, of about `size` bytes of JSON."""
    items, length = [], 0
    while length < size:
        items.append(make(len(items)))
        length += len(json.dumps(items[-1], indent=1 if pretty else None)) + 2
    return items


def members(size, key, value):
    """An object with the members that the two give for 0, 1, 2 …"""
    found, length = {}, 0
    for number in range(size):
        if length >= size:
            break
        found[key(number)] = value(number)
        length += len(json.dumps([key(number), value(number)])) + 2
    return found


def config(**changes):
    base = {
        "ociVersion": "1.2.0",
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["sh"], "env": ["PATH=/bin"], "cwd": "/"},
        "root": {"path": "rootfs"},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}]},
    }
    for path, value in changes.items():
        place = base
        *parents, last = path.split("__")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return base


# Not JSON, or JSON that nobody would write.
TEXTS = {
    "open brackets": lambda size: "[" * size,
    "open objects": lambda size: repeat('{"a":', size),
    "brackets closed": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "closing brackets": lambda size: "]" * size,
    "closing of another sort": lambda size: repeat("[}", size),
    "commas": lambda size: "[" + "," * size,
    "colons": lambda size: "{" + ":" * size,
    "quotes": lambda size: '"' * size,
    "one long string": lambda size: '"' + "a" * size + '"',
    "a string without an end": lambda size: '"' + "a" * size,
    "strings without ends in lines": lambda size: "[" + repeat('"a\n', size),
    "escapes": lambda size: '"' + repeat("\\u0041", size) + '"',
    "half surrogates": lambda size: '"' + repeat("\\ud800", size) + '"',
    "unknown escapes": lambda size: '"' + repeat("\\q", size) + '"',
    "backslashes": lambda size: "\\" * size,
    "control characters in a string": lambda size: '"' + "\x01" * size + '"',
    "one long number": lambda size: "1" * size,
    "a number with a long exponent": lambda size: "1e" + "9" * size,
    "minus signs": lambda size: "-" * size,
    "wrong numbers": lambda size: "[" + repeat("01,", size),
    "white space": lambda size: " " * size,
    "lines": lambda size: "\n" * size,
    "block comments": lambda size: repeat("/* */", size) + "1",
    "line comments": lambda size: repeat("// x\n", size) + "1",
    "a comment without an end": lambda size: "/*" + "*" * size,
    "bytes that are no UTF-8": lambda size: b"\xff" * size,
    "bytes that are no UTF-8, in a string": lambda size: b'"' + b"\xf0\x9f" * (size // 2) + b'"',
    "zero bytes": lambda size: "\0" * size,
    "byte order marks": lambda size: repeat("\ufeff", size // 3),
    "words": lambda size: "[" + repeat("nulll,", size),
    "words without commas": lambda size: "[" + repeat("a ", size),
    "single quotes": lambda size: "{" + repeat("'a':1,", size),
    "no colons": lambda size: "{" + repeat('"a" 1,', size),
    "no commas": lambda size: "{" + repeat('"a":1 ', size),
    "documents in a row": lambda size: repeat("{}", size),
    "numbers in a list": lambda size: "[" + repeat("1,", size) + "1]",
    "empty lists": lambda size: "[" + repeat("[],", size) + "[]]",
    "nested lists": lambda size: "[" + repeat("[" * 90 + "]" * 90 + ",", size) + "1]",
    "one key": lambda size: "{" + repeat('"a":1,', size) + '"b":1}',
    "empty keys": lambda size: "{" + repeat('"":1,', size) + '"b":1}',
    "many keys": lambda size: json.dumps(members(size, lambda n: f"k{n}", lambda n: n)),
    "a long key": lambda size: '{"' + "k" * size + '":1}',
    "long keys that end differently": lambda size: json.dumps(members(size, lambda n: "k" * 500 + str(n), lambda n: n)),
    "one line of two-byte letters": lambda size: json.dumps({"mounts": ["é" * (size // 2)]}, ensure_ascii=False),
}

WRONG = "wrong\n\u202e"

# What stands in a runtime config, far more often than it should, right and wrong.
CONFIGS = {
    "args": lambda size: config(process__args=several(size, str)),
    "empty args": lambda size: config(process__args=several(size, lambda n: "")),
    "env": lambda size: config(process__env=several(size, lambda n: f"NAME{n}=x")),
    "env, one name": lambda size: config(process__env=several(size, lambda n: "NAME=x")),
    "env without =": lambda size: config(process__env=several(size, lambda n: f"NAME{n}")),
    "secrets": lambda size: config(process__env=several(size, lambda n: f"PASSWORD{n}=secret{n}")),
    "one long env": lambda size: config(process__env=["A=" + "=" * size]),
    "cwd": lambda size: config(process__cwd=repeat("/..", size)),
    "capabilities": lambda size: config(process__capabilities={"bounding": several(size, lambda n: f"CAP_{n}")}),
    "capabilities, known ones in five sets": lambda size: config(
        process__capabilities={
            name: several(size // 5, lambda n: "CAP_KILL")
            for name in ("bounding", "effective", "permitted", "inheritable", "ambient")
        }
    ),
    "rlimits": lambda size: config(process__rlimits=several(size, lambda n: {"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1})),
    "additional groups": lambda size: config(process__user__additionalGids=several(size, lambda n: n % 7)),
    "mounts": lambda size: config(
        mounts=several(size, lambda n: {"destination": f"/m{n}", "type": "bind", "source": "/a", "options": ["bind", "ro"]})
    ),
    "mounts in one another": lambda size: config(
        mounts=several(size, lambda n: {"destination": "/a" + "/b" * (n % 20), "type": "tmpfs", "source": "tmpfs"})
    ),
    "mounts deep in one place": lambda size: config(
        mounts=several(size, lambda n: {"destination": "/b" * 2000 + f"/{n}", "type": "tmpfs", "source": "tmpfs"})
    ),
    "mounts that hide the ones before": lambda size: config(
        mounts=several(size, lambda n: {"destination": f"/{n}" if n % 2 else "/", "type": "tmpfs"})
    ),
    "mounts in one place": lambda size: config(mounts=several(size, lambda n: {"destination": "/a", "type": "tmpfs"})),
    "mounts with wrong members": lambda size: config(mounts=several(size, lambda n: {"destinaton": n, "tpye": WRONG})),
    "mount options": lambda size: config(
        mounts=[{"destination": "/a", "type": "tmpfs", "options": several(size, lambda n: ("ro", "rw", f"size={n}k")[n % 3])}]
    ),
    "namespaces": lambda size: config(linux__namespaces=several(size, lambda n: {"type": ("pid", "mount", "x")[n % 3]})),
    "id mappings": lambda size: config(
        linux__namespaces=[{"type": "user"}, {"type": "mount"}],
        linux__uidMappings=several(size, lambda n: {"containerID": n, "hostID": 2 * n, "size": 1}),
    ),
    "id mappings that overlap": lambda size: config(
        linux__namespaces=[{"type": "user"}, {"type": "mount"}],
        linux__gidMappings=several(size, lambda n: {"containerID": n, "hostID": n, "size": 1000}),
    ),
    "devices": lambda size: config(
        linux__devices=several(size, lambda n: {"path": f"/dev/x{n}", "type": "c", "major": 1, "minor": n % 256})
    ),
    "one device": lambda size: config(linux__devices=several(size, lambda n: {"path": "/dev/x", "type": "c", "major": 1, "minor": 3})),
    "device rules": lambda size: config(linux__resources__devices=several(size, lambda n: {"allow": False, "access": "rwmx"})),
    "sysctl": lambda size: config(linux__sysctl=members(size, lambda n: f"net.ipv4.x{n}", lambda n: "1")),
    "sysctl with slashes": lambda size: config(linux__sysctl={repeat("net/", size): "1"}),
    "unified": lambda size: config(linux__resources__unified=members(size, lambda n: f"memory.x{n}", lambda n: "1")),
    "huge pages": lambda size: config(
        linux__resources__hugepageLimits=several(size, lambda n: {"pageSize": f"{n}MB", "limit": 1})
    ),
    "rdma": lambda size: config(linux__resources__rdma=members(size, lambda n: f"mlx{n}", lambda n: {"hcaHandles": 1})),
    "block devices": lambda size: config(
        linux__resources__blockIO__weightDevice=several(size, lambda n: {"major": 8, "minor": 0, "weight": n % 20})
    ),
    "cpus": lambda size: config(linux__resources__cpu__cpus=repeat("0-1,", size) + "2"),
    "masked paths": lambda size: config(linux__maskedPaths=several(size, lambda n: f"/proc/{n % 50}")),
    "seccomp names": lambda size: config(
        linux__seccomp={
            "defaultAction": "SCMP_ACT_ERRNO",
            "syscalls": [{"names": several(size, lambda n: f"call{n}"), "action": "SCMP_ACT_ALLOW"}],
        }
    ),
    "seccomp rules": lambda size: config(
        linux__seccomp={
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": several(size, lambda n: {"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": n % 9}]}),
        }
    ),
    "seccomp architectures": lambda size: config(
        linux__seccomp={"defaultAction": "SCMP_ACT_ALLOW", "architectures": several(size, lambda n: "SCMP_ARCH_X86_64")}
    ),
    "hooks": lambda size: config(hooks={"prestart": several(size, lambda n: {"path": "x", "timeout": 0, "env": ["A"]})}),
    "annotations": lambda size: config(annotations=members(size, lambda n: f"key{n}", lambda n: "value")),
    "wrong annotations": lambda size: config(annotations=members(size, lambda n: " " * (n % 9) + str(n), lambda n: n)),
    "net devices": lambda size: config(linux__netDevices=members(size, lambda n: f"eth{n}", lambda n: {"name": "eth0"})),
    "unknown members": lambda size: config(**members(size, lambda n: f"member{n}", lambda n: n)),
    "misspelt members": lambda size: config(process=members(size, lambda n: "terminall" + str(n), lambda n: n)),
    "one long misspelt member": lambda size: config(**{"proces" * (size // 6): 1}),
    "members of the wrong type": lambda size: config(mounts=several(size, lambda n: [None, 1, "x", [], {}][n % 5])),
    "a long version": lambda size: config(ociVersion="1." * (size // 2)),
    "a long hostname": lambda size: config(hostname="é" * (size // 2)),
}


def manifest(**changes):
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": DIGEST, "size": 1}
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {**layer, "mediaType": "application/vnd.oci.image.config.v1+json"},
        "layers": [layer],
        **changes,
    }


def layer(number, **changes):
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": f"sha256:{number:064x}", "size": 1, **changes}


def image(**changes):
    return {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [DIGEST]}, **changes}


MANIFESTS = {
    "layers": lambda size: manifest(layers=several(size, layer)),
    "one layer": lambda size: manifest(layers=several(size, lambda n: layer(0))),
    "layers with data": lambda size: manifest(layers=[layer(0, data="QUFB" * (size // 4))]),
    "layers with addresses": lambda size: manifest(layers=[layer(0, urls=several(size, lambda n: f"https://a/{n}"))]),
    "wrong digests": lambda size: manifest(layers=several(size, lambda n: layer(0, digest="sha256+b64:" + "A" * (n % 90)))),
    "a long digest": lambda size: manifest(layers=[layer(0, digest="a+" * (size // 2) + ":b")]),
    "a long media type": lambda size: manifest(layers=[layer(0, mediaType="a/" + "b+" * (size // 2))]),
}
INDEXES = {
    "manifests": lambda size: {"schemaVersion": 2, "manifests": several(size, lambda n: {**layer(n), "platform": {"os": "linux", "architecture": "arm"}})},
    "names of references": lambda size: {"schemaVersion": 2, "manifests": several(size, lambda n: {**layer(n), "annotations": {"org.opencontainers.image.ref.name": "a"}})},
    "a long date": lambda size: {"schemaVersion": 2, "manifests": [], "annotations": {"org.opencontainers.image.created": "2" * size}},
}
IMAGES = {
    "history": lambda size: image(history=several(size, lambda n: {"created": "2020-01-01T00:00:00Z", "empty_layer": n % 2 == 0})),
    "diff ids": lambda size: image(rootfs={"type": "layers", "diff_ids": several(size, lambda n: f"sha256:{n:064x}")}),
    "image env": lambda size: image(config={"Env": several(size, lambda n: f"A{n % 100}=b")}),
    "ports": lambda size: image(config={"ExposedPorts": members(size, lambda n: f"{n}/tcp", lambda n: {})}),
    "volumes": lambda size: image(config={"Volumes": members(size, lambda n: f"/v{n}", lambda n: {})}),
    "labels": lambda size: image(config={"Labels": members(size, lambda n: f"Label.{n}", lambda n: "x" * (n % 9))}),
}
RECORDS = {
    "a record with labels": lambda size: {"ID": "a", "Image": "b", "Labels": members(size, lambda n: f"l{n}", lambda n: "v"), "Spec": config()},
    "a record with a config of unknown members": lambda size: {"ID": "a", "Spec": config(**members(size, lambda n: f"member{n}", lambda n: n))},
    "a record with a long name": lambda size: {"ID": "a." * (size // 2), "Spec": config()},
}


def encode(document, pretty):
    return json.dumps(document, indent="\t" if pretty else None, ensure_ascii=False).encode()


def sorts(everything):
    """The sorts: name, kind (empty: let it be found out) and a function of a size. Documents on one line, or indented too."""
    for name, make in TEXTS.items():
        for kind in ("", "runtime-config") if everything else ("runtime-config",):

            def text(size, make=make):
                found = make(size)
                return found if isinstance(found, bytes) else found.encode()

            yield f"{name}{', as a config' if kind else ''}", kind, text
    groups = [
        (CONFIGS, "runtime-config"),
        (MANIFESTS, "image-manifest"),
        (INDEXES, "image-index"),
        (IMAGES, "image-config"),
        (RECORDS, "containerd-record"),
    ]
    for group, kind in groups:
        for name, make in group.items():
            for pretty in (False, True) if everything else (False,):
                yield f"{name}{', indented' if pretty else ''}", kind, lambda size, make=make, pretty=pretty: encode(make(size), pretty)
