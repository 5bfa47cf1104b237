"""The JavaScript SDKs, by node's own test runner against the same deployments."""

import os
import pathlib
import subprocess

import pytest

FILES = sorted(pathlib.Path(__file__).with_name("js").glob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_javascript(kaname, file):
    variables = {
        **os.environ,
        "KANAME_URL": kaname.url,
        "KANAME_PUBLIC_KEY": kaname.public_key,
        "KANAME_SECRET_KEY": kaname.secret_key,
    }
    ran = subprocess.run(["node", "--test", str(file)], env=variables, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_there_are_javascript_tests():
    assert FILES
