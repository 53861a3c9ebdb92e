"""The records of an offline run of Weights & Biases."""

import struct


def wandb_records(folder):
    """Read an offline run: LevelDB's log framing (blocks of 32 KiB, records of type full/first/middle/last)."""
    from wandb.proto import wandb_internal_pb2

    (file,) = folder.rglob("*.wandb")
    content, position, parts = file.read_bytes(), 7, []
    while position + 7 <= len(content):
        if (left := 32768 - position % 32768) < 7:
            position += left
            continue
        length, kind = struct.unpack("<HB", content[position + 4 : position + 7])
        parts.append(content[position + 7 : position + 7 + length])
        position += 7 + length
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(b"".join(parts))
            parts = []
            yield record
