"""Shells complete the commands, their options and known names; every command's help has examples."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from deminimis.cli import completion
from deminimis.cli.main import COMMANDS, main
from deminimis.cli.options import Parser
from deminimis.rules.rule import shipped_rules

pytest.importorskip("shtab", reason="shtab is not installed: install the package again, which needs it by now")


def parser_of(command: str) -> Parser:
    found: Parser = import_module(f"deminimis.cli.{COMMANDS[command][0]}").parser(command)
    return found


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_every_word_is_in_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each shell's script knows each command and each of its options."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for command in COMMANDS:
        assert command in script
        for action in parser_of(command)._actions:
            for word in action.option_strings:
                assert (word.lstrip("-") if shell in ("fish", "tcsh") else word) in script


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script and some files."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    folder = tmp_path_factory.mktemp("completion")
    (folder / "script").write_text(completion.script("bash"))
    (folder / "manifest.parquet").touch()
    return folder


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sc"], {"score"}),
        (["ex"], {"explain"}),
        ([""], {*COMMANDS}),
        (["score", "--append", "--no-c"], {"--no-clobber", "--no-count-excluded"}),
        (["explain", "--ro"], {"--row"}),
        (["score", "--rule", "us-"], {name for name in shipped_rules() if name.startswith("us-")}),
        (["plan", "--bad-values", "i"], {"ignore"}),
        (["score", "mani"], {"manifest.parquet"}),
        (["score", "-o", "mani"], {"manifest.parquet"}),
        (["completion", "z"], {"zsh"}),
    ],
)
def test_bash(bash: Path, words: list[str], expected: set[str]) -> None:
    """What bash offers for a word that is begun."""
    given = shlex.join(["deminimis", *words])
    code = f"""
        source ./script || exit 9
        COMP_WORDS=({given}) COMP_CWORD={len(words)} COMP_LINE={shlex.quote(given)}
        _shtab_deminimis
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    got = subprocess.run(["bash", "-c", code], cwd=bash, capture_output=True, text=True, check=True, timeout=60)
    offered = {*got.stdout.split()} - {"-h", "--help", "--version"}
    assert offered == expected and got.stderr == ""


def test_a_shell_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused with those that are."""
    assert main(["completion", "ksh"]) == 2
    assert "choose from bash, zsh, fish, tcsh, powershell" in capsys.readouterr().err.replace("'", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_examples(command: str) -> None:
    """The help of each command has three examples at least, whose options are those of the command."""
    parser = parser_of(command)
    text = (parser.epilog or "").replace("\\\n", " ")
    examples = [line.strip() for line in text.splitlines() if f"deminimis {command}" in line]
    assert len(examples) >= 3 and "examples:" in text
    for example in examples:
        words = shlex.split(example[example.index(f"deminimis {command}") :])[2:]
        redirection = next((i for i, word in enumerate(words) if word.startswith(">")), len(words))
        parser.read(words[:redirection])


def test_help_has_every_command_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Grouped by what one wants to do."""
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.partition("options:")[0].splitlines()
    assert sorted(line.split()[0] for line in lines if line.startswith("  ")) == sorted(COMMANDS)
    assert sum(line.endswith(":") for line in lines) >= 5


def test_it_is_not_loaded_without_need() -> None:
    """Other commands start without shtab."""
    code = "import sys; from deminimis.cli.main import main; main(['rules']); assert 'shtab' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, timeout=60)
