"""Bad input, item by item: a clear message, the right exit status, the server alive, and nothing lost."""

import os
import pathlib
import struct
import subprocess
import zlib

import pytest

from images import write_dataset, write_image
from service import program, wait_until

JOB_FAILED, NOT_FOUND, BAD_INPUT, NOT_ALLOWED, TRY_LATER = 1, 4, 5, 6, 7  # docs/cli.md


@pytest.fixture(name="station")
def make_station(service, images):
    """A server with a dataset, a split and a model; afterwards all of them must still be there, and usable."""
    service.cli("dataset", "add", "kept", images)
    service.cli("split", "kept", "--per-class", 4)
    service.cli("train", "--dataset", "kept", "--split", "default", "--arch", "logistic", "--epochs", 1, "--size", 16, "--model", "kept")
    before = service.json("dataset", "show", "kept"), service.json("model", "show", "kept")
    pid = service.process.pid
    yield service
    assert service.alive() and service.process.pid == pid
    assert (service.json("dataset", "show", "kept"), service.json("model", "show", "kept")) == before
    service.cli("evaluate", "kept", "--dataset", "kept", "--split", "default", "--subset", "validation")


def refused(service, *arguments, expect, says=()):
    """Runs the command, which must end with `expect` and say all of `says`; returns what it said."""
    done = service.cli(*arguments, expect=expect)
    said = done.stdout + done.stderr
    for text in says:
        assert text in said, f"'{text}' is not in: {said}"
    return said


def train_arguments(**options):
    merged = {"dataset": "kept", "split": "default", "arch": "logistic", "epochs": 1, "size": 16, "model": "m"} | options
    return ["train", *(part for name, value in merged.items() for part in (f"--{name.replace('_', '-')}", value))]


def rejected(service, dataset):
    """reason by path of the images that were left out."""
    job_id = service.json("dataset", "show", dataset)["job_id"]
    done = service.cli("job", "get", job_id, "rejected.tsv", "--out", "-")
    rows = [line.split("\t") for line in done.stdout.splitlines() if line and not line.startswith(("#", "path\t"))]
    return {row[0]: " ".join(row[1:]) for row in rows}


def add_with(service, images, path, content):
    """Indexes the images and one more file; returns the reason why that one was left out."""
    target = images / path
    target.write_bytes(content)
    text = service.cli("dataset", "add", "odd", images)
    assert "Found 60 images belonging to 3 classes." in text.stdout
    assert "rejected" in text.stdout + text.stderr or "left out" in text.stdout + text.stderr
    shown = service.json("dataset", "show", "odd")
    assert (shown["images"], shown["rejected"]) == (60, 1)
    return rejected(service, "odd")[path]


def png_header(width, height):
    """A PNG that says it is this large and ends after its header."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))


def test_missing_folder(station, folder):
    refused(station, "dataset", "add", "d", folder / "nowhere", expect=NOT_FOUND, says=[str(folder / "nowhere")])
    station.cli("dataset", "show", "d", expect=NOT_FOUND)


def test_folder_without_classes(station, folder):
    write_image(folder / "flat/image.png", 1)
    refused(station, "dataset", "add", "d", folder / "flat", expect=JOB_FAILED, says=["no class folders", str(folder / "flat")])


def test_folder_with_an_empty_class(station, images):
    (images / "void").mkdir()
    said = refused(station, "dataset", "add", "d", images, expect=0, says=["void"])
    assert "60 images belonging to 4 classes" in said
    station.cli("split", "d", "--per-class", 4)
    said = refused(station, *train_arguments(dataset="d"), expect=0, says=["warning", "void"])
    assert "nothing to learn" in said


def test_only_unreadable_images(station, folder):
    (folder / "bad/a").mkdir(parents=True)
    (folder / "bad/a/x.png").write_bytes(b"")
    refused(station, "dataset", "add", "d", folder / "bad", expect=JOB_FAILED, says=["none of the 1 image", "a/x.png", "empty"])


def test_empty_image(station, images):
    assert "empty" in add_with(station, images, "maize/empty.png", b"")


def test_truncated_image(station, images):
    whole = (images / "maize/0000.png").read_bytes()
    add_with(station, images, "maize/half.png", whole[: len(whole) // 2])


def test_text_named_png(station, images):
    add_with(station, images, "maize/note.png", b"not an image at all\n" * 20)


def test_huge_header_is_refused_before_anything_is_allocated(station, images):
    (pid,) = wait_until(station.worker_pids)
    reason = add_with(station, images, "maize/huge.png", png_header(30_000, 30_000))
    assert "30000" in reason.replace(",", "")
    peak_kib = int(next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line).split()[1])
    assert peak_kib < 1_500_000, "2.7 GB of pixels were allocated"


def test_unreadable_file(start_service, images, folder):
    if os.getuid() != 0:
        (images / "maize/0000.png").chmod(0)
        service = start_service()
    else:
        service = start_as_nobody(start_service, folder, images)
    service.cli("dataset", "add", "odd", images)
    assert service.json("dataset", "show", "odd")["rejected"] == 1
    assert "ermission" in rejected(service, "odd")["maize/0000.png"]


def start_as_nobody(start_service, folder, images):
    """root reads everything: the server runs as another user instead, which may read all images but one."""
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    if subprocess.run([*as_nobody, program("seedbedd"), "--version"], check=False, capture_output=True).returncode != 0:
        pytest.skip("running as root, to whom no file is unreadable, and another user cannot run the programs here")
    folder.chmod(0o777)
    (images / "maize/0000.png").chmod(0)
    return start_service(run_as=65534)


def test_file_changed_after_indexing(station, folder):
    photos = write_dataset(folder / "photos")
    station.cli("dataset", "add", "changing", photos)
    write_image(photos / "maize/0003.png", 99, colour=(1, 2, 3))
    arguments = ["train", "--dataset", "changing", "--size", 16, "--model", "m"]
    refused(station, *arguments, expect=JOB_FAILED, says=["maize/0003.png", "changed since it was indexed", "index the dataset again"])
    station.cli("dataset", "add", "changing", photos, "--update")
    station.cli(*arguments)


def test_duplicate_dataset_name(station, images):
    refused(station, "dataset", "add", "kept", images, expect=JOB_FAILED, says=["kept", "exists"])


def test_split_larger_than_a_class(station, folder):
    photos = write_dataset(folder / "photos")
    for path in sorted((photos / "maize").iterdir())[5:]:
        path.unlink()
    station.cli("dataset", "add", "small", photos)
    refused(station, "split", "small", "--per-class", 12, expect=JOB_FAILED, says=["'maize' has 5 images", "12"])


def test_loss_that_is_no_number(station):
    refused(station, *train_arguments(lr="1e38", epochs=5), expect=JOB_FAILED, says=["nan in epoch ", "batch "])
    newest = station.json("job", "ls")["jobs"][0]
    assert newest["state"] == "FAILED" and newest["attempt"] == 1
    assert station.job(newest["id"])["error"]["reason"] == "DIVERGED"


def test_unknown_recipe_key(station, folder):
    recipe = folder / "recipe.yaml"
    recipe.write_text("dataset: kept\nmodel: m\narch: logistic\nepoch: 3\n")
    refused(station, "train", "-f", recipe, expect=BAD_INPUT, says=["epoch", "epochs"])


@pytest.mark.parametrize("line", ["epochs: many", "epochs: 1.5", "epochs: -1", "batch_size: [3]", "size: large", "lr: fast"])
def test_bad_type_in_a_recipe(station, folder, line):
    recipe = folder / "recipe.yaml"
    recipe.write_text(f"dataset: kept\nmodel: m\narch: logistic\n{line}\n")
    refused(station, "train", "-f", recipe, expect=BAD_INPUT, says=[line.split(":")[0]])


def test_recipe_that_is_no_yaml(station, folder):
    recipe = folder / "recipe.yaml"
    recipe.write_text("dataset: [kept\n")
    refused(station, "train", "-f", recipe, expect=BAD_INPUT, says=["recipe.yaml"])
    refused(station, "train", "-f", folder / "missing.yaml", expect=NOT_FOUND, says=["missing.yaml"])


@pytest.mark.parametrize("name", ["UPPER", "../up", "a/b", ""])
def test_bad_resource_names(station, images, name):
    refused(station, "dataset", "add", name, images, expect=BAD_INPUT, says=["name"])
    assert [item["name"] for item in station.json("dataset", "ls")["datasets"]] == ["kept"]


def test_path_with_dots(start_service, images, folder):
    """A path is taken beneath an allowed folder, or not at all."""
    service = start_service(allowed_roots=images)
    (folder / "outside/a").mkdir(parents=True)
    refused(service, "dataset", "add", "d", f"{images}/../outside", expect=BAD_INPUT, says=["outside", "'..'"])
    refused(service, "dataset", "add", "d", folder / "outside", expect=NOT_ALLOWED, says=["allowed"])
    assert service.json("dataset", "ls")["datasets"] == []
    service.cli("dataset", "add", "d", images)


@pytest.mark.parametrize("what", [("dataset", "show", "none"), ("model", "show", "none"), ("job", "show", "train-999"), ("job", "watch", "train-999")])
def test_what_does_not_exist(station, what):
    refused(station, *what, expect=NOT_FOUND, says=[what[-1]])


def test_train_on_what_does_not_exist(station):
    refused(station, *train_arguments(dataset="none"), expect=NOT_FOUND, says=["none"])
    refused(station, *train_arguments(split="none"), expect=NOT_FOUND, says=["none"])


@pytest.fixture(name="small_disk")
def mount_small_disk(folder):
    """A file system of 48 MiB."""
    target = folder / "disk"
    target.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", target], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield target
    subprocess.run(["umount", "--lazy", target], check=False)


def fill(path, leave_bytes):
    """Writes until the file system is full, then gives `leave_bytes` back."""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            file.truncate(max(0, file.tell() - leave_bytes))


def test_disk_full(start_service, small_disk, folder):
    service = start_service(data_root=small_disk / "data", store_min_free_bytes=0)
    service.cli("dataset", "add", "kept", write_dataset(folder / "photos", size=100))
    service.cli("split", "kept", "--per-class", 4)
    arguments = train_arguments(size=100)

    fill(small_disk / "filler", leave_bytes=0)
    refused(service, *arguments, expect=TRY_LATER, says=["disk", "full", "nothing was stored"])
    fill(small_disk / "filler", leave_bytes=1 << 20)  # enough to note a job, too little for 1.8 MB of pixels
    refused(service, *arguments, expect=JOB_FAILED, says=["DISK_FULL", "free"])

    (small_disk / "filler").unlink()
    assert service.alive()
    assert service.json("dataset", "show", "kept")["images"] == 60
    service.cli(*arguments)


def test_a_nearly_full_disk_takes_no_job(start_service, images):
    service = start_service(store_min_free_bytes=1 << 50)
    refused(service, "dataset", "add", "d", images, expect=TRY_LATER, says=["free"])
