"""What is said of the code that a result was made with."""

import os
import subprocess

import pytest

from pepita_jax.runs.environment import describe_commit


def git(folder, *words):
    """Without the user's configuration, nor the variables by which a hook names a repository."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    me = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    command = ["git", *me, "-C", folder, *words]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """A clone with a package in it; returns the package's folder and the commit."""
    package = tmp_path / "clone" / "package"
    package.mkdir(parents=True)
    (package / "rule.py").write_text("x = 1\n")
    git(package.parent, "init", "--quiet")
    git(package.parent, "add", ".")
    git(package.parent, "commit", "--quiet", "--message=first")
    return package, git(package, "rev-parse", "HEAD")


def test_a_clean_clone_is_named_by_its_commit_whatever_lies_beside_the_code(clone, monkeypatch):
    package, commit = clone
    (package.parent / "results.json").write_text("{}")
    assert describe_commit(package) == commit
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as a hook of git has it
    assert describe_commit(package) == commit


def test_code_that_was_changed_or_added_is_named(clone):
    package, commit = clone
    (package / "mine.py").write_text("y = 2\n")
    assert describe_commit(package) == f"{commit}, modified: package/mine.py"
    (package / "rule.py").write_text("x = 3\n")
    assert describe_commit(package) == f"{commit}, modified: package/rule.py, package/mine.py"
    for name in "abc":
        (package.parent / f"{name}.py").write_text("")
    assert describe_commit(package).endswith("modified: package/rule.py, a.py, b.py, ...")


def test_without_a_commit_the_reason_is_given(clone, tmp_path, monkeypatch):
    package, _ = clone
    installed = package / "env" / "package"
    installed.mkdir(parents=True)
    assert describe_commit(installed) == "unknown: git does not know this copy"
    assert describe_commit(tmp_path).startswith("unknown: fatal: not a git repository")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_commit(package) == "unknown: there is no git"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_clone_of_another_user_s(clone):
    package, _ = clone
    if "safe.directory=*" in subprocess.getoutput("git config --list").splitlines():
        pytest.skip("this machine's git trusts all clones")
    os.chown(package.parent, 12345, 12345)
    os.chown(package.parent / ".git", 12345, 12345)
    assert describe_commit(package).startswith("unknown: fatal: detected dubious ownership")
