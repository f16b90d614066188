"""Imports point down. The table below is the architecture; nothing else is."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each package may import of this project, beside itself. A package that is
# not named here may not exist.
MAY_IMPORT = {
    "readerstudy.imaging": set(),
    "readerstudy.blinding": set(),
    "readerstudy.simulation": {"readerstudy.imaging"},
    "readerstudy.audit": set(),
    "readerstudy.accounts": {"readerstudy.audit", "readerstudy.imaging"},
    "readerstudy.api": {
        "readerstudy.audit",
        "readerstudy.accounts",
        "readerstudy.imaging",
    },
    "readerstudy.cases": {
        "readerstudy.audit",
        "readerstudy.accounts",
        "readerstudy.api",
        "readerstudy.imaging",
    },
    "readerstudy.reading": {
        "readerstudy.audit",
        "readerstudy.accounts",
        "readerstudy.api",
        "readerstudy.cases",
        "readerstudy.blinding",
        "readerstudy.imaging",
        "readerstudy.simulation",
    },
    "readerstudy.config": set(),
    "readerstudy.operations": {
        "readerstudy.audit",
        "readerstudy.imaging",
        "readerstudy.accounts",
        "readerstudy.api",
        "readerstudy.cases",
        "readerstudy.reading",
        "inference",
        "stats",
    },
    "readerstudy.demo": {
        "readerstudy.audit",
        "readerstudy.cases",
        "readerstudy.reading",
        "readerstudy.simulation",
        "readerstudy.imaging",
        "inference",
        "stats",
    },
    "inference": {
        "readerstudy.audit",
        "readerstudy.accounts",
        "readerstudy.api",
        "readerstudy.cases",
        "readerstudy.imaging",
        "readerstudy.simulation",
    },
    "stats": {
        "readerstudy.audit",
        "readerstudy.accounts",
        "readerstudy.api",
        "readerstudy.reading",
        "readerstudy.cases",
        "readerstudy.imaging",
    },
}
PURE_PACKAGES = (
    "readerstudy.imaging",
    "readerstudy.blinding",
    "readerstudy.simulation",
)
PURE_MODULES = (
    "inference.networks",
    "inference.filters",
    "inference.training",
    "inference.prediction",
    "inference.building",
    "inference.quality",
    "inference.recipes",
    "inference.simulated_pairs",
    "inference.stacks",
    "inference.stability",
    "inference.sweeps",
    "inference.sweep_measuring",
    "inference.simulated_sweeps",
    "inference.runtime",
    "stats.agreement",
    "stats.image_quality.similarity",
    "stats.comparison",
    "stats.bias",
    "stats.multireader",
    "stats.roc",
    "stats.visual_grading",
    "stats.preference",
    "stats.fidelity",
    "stats.planning",
    "stats.means",
    "stats.ratings",
    "stats.outcomes",
    "stats.readings",
    "readerstudy.audit.chain",
    "readerstudy.reading.gate",
    "readerstudy.reading.leaks.responses",
    "readerstudy.reading.leaks.playing",
    "readerstudy.reading.leaks.features",
    "readerstudy.reading.leaks.judging",
)
# The rooms of `reading` from the lowest up. Each knows those below it, none beside it.
READING_LAYERS = (
    {"models", "questions", "images", "gate", "atlas", "apps", "signals"},
    {"protocol", "plans", "migrations"},
    {"preflight", "selectors", "recording", "leaks"},
    {"services"},
    {"pages", "forms", "verification", "simulated"},
    {"views", "api", "context", "management"},
    {"urls"},
)
# The rooms of `cases`, likewise.
CASES_LAYERS = (
    {"storage", "digests", "wording", "splits", "learning", "apps"},
    {"models", "sources", "gateways", "templatetags"},
    {"manifest", "plan", "migrations"},
    {"matching", "scanning", "selectors", "acceptance"},
    {"integrity", "cohort_table", "pages"},
    {"services", "tasks"},
    {"forms"},
    {"transfers"},
    {"views", "api", "management"},
    {"urls"},
)
# The rooms of `inference`, likewise.
INFERENCE_LAYERS = (
    {
        *("apps", "networks", "stacks", "quality", "recipes", "devices", "claims"),
        *("learned", "exports", "file_kinds", "curves", "trying", "models"),
        "stability",
    },
    {
        *("filters", "registry", "told_cards", "card_words", "living", "migrations"),
        "sweeps",
    },
    {"prediction", "card_page", "training_forms"},
    {"training", "runtime"},
    {"simulated_pairs", "cohort_pairs", "computing", "selectors", "sweep_rows"},
    {
        *("building", "forms", "upload_forms", "previews", "training_pages"),
        *("whole_stacks", "sweep_measuring", "sweep_charts", "sweep_forms"),
    },
    {"job_pages", "simulated_sweeps", "stability_runs", "sweep_pages", "sweep_svg"},
    {"services"},
    {"presence"},
    {"tasks"},
    {"views", "api", "management"},
    {"urls"},
)
# The rooms of `stats`, likewise.
STATS_LAYERS = (
    {"outcomes", "models", "readings", "triggers", "versions"},
    {"means", "reasons", "ratings", "migrations"},
    {"agreement", "comparison", "image_quality"},
    {"multireader", "bias"},
    {"roc", "preference", "fidelity"},
    {"visual_grading"},
    {"planning", "selectors"},
    {"forms"},
    {"reporting"},
    {"templatetags"},
    {"figures", "checklists"},
    {"exporting"},
    {"services"},
    {"freezing"},
    {"pages"},
    {"pdf"},
    {"tasks"},
    {"views", "api", "management"},
    {"urls"},
    {"apps"},
)
LAYERS = {
    "reading": READING_LAYERS,
    "cases": CASES_LAYERS,
    "inference": INFERENCE_LAYERS,
    "stats": STATS_LAYERS,
}
# Services wake workers by tasks, which do nothing but call services.
TAKES_TURNS = {("services", "tasks"), ("tasks", "services")}
WEB_FRAMEWORKS = {"django", "celery", "kombu", "rest_framework"}


def modules() -> dict[str, Path]:
    found = {}
    for top in ("readerstudy", "inference", "stats"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(p for p in parts if p != "__init__")] = path
    return found


def imports(name: str, path: Path) -> set[str]:
    """Absolute names of all modules that `path` imports, at any depth of code."""
    found = set()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                above = parents[: len(parents) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def package_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] in ("inference", "stats"):
        return parts[0]
    if parts[0] == "readerstudy" and len(parts) > 1:
        return ".".join(parts[:2])
    return None


def room_of(app: str, module: str) -> str | None:
    inside = module.removeprefix("readerstudy.").split(".")
    return inside[1] if inside[0] == app and len(inside) > 1 else None


def layer_of(app: str, room: str) -> int:
    return next(n for n, rooms in enumerate(LAYERS[app]) if room in rooms)


ALL = modules()
IN_ROOMS = [(app, name) for app in LAYERS for name in sorted(ALL) if room_of(app, name)]


@pytest.mark.pure
def test_every_package_has_its_line_in_the_table() -> None:
    found = {package_of(name) for name in ALL} - {None}
    assert found == set(MAY_IMPORT)


@pytest.mark.pure
def test_imports_point_down() -> None:
    forbidden = {}
    for name in ALL:
        package = package_of(name)
        targets = {package_of(module) for module in imports(name, ALL[name])}
        targets -= {None, package}
        # without a package: readerstudy/__init__.py, which stays empty
        forbidden[name] = targets - (MAY_IMPORT[package] if package else set())
    assert {name: packages for name, packages in forbidden.items() if packages} == {}


@pytest.mark.pure
@pytest.mark.parametrize("app", LAYERS)
def test_every_room_of_an_app_has_its_layer(app: str) -> None:
    named = [room for rooms in LAYERS[app] for room in rooms]
    assert sorted(named) == sorted({room_of(app, name) for name in ALL} - {None})


@pytest.mark.pure
def test_inside_an_app_imports_point_down_too() -> None:
    forbidden = set()
    for app, name in IN_ROOMS:
        room = room_of(app, name)
        others = {room_of(app, module) for module in imports(name, ALL[name])}
        forbidden |= {
            (name, other)
            for other in others - {None, room}
            if layer_of(app, other) >= layer_of(app, room)
            and (room, other) not in TAKES_TURNS
        }
    assert forbidden == set()


@pytest.mark.pure
def test_pure_code_knows_no_web_framework() -> None:
    pure = tuple(f"{name}." for name in PURE_PACKAGES + PURE_MODULES)
    for name in ALL:
        if f"{name}.".startswith(pure):
            roots = {module.split(".")[0] for module in imports(name, ALL[name])}
            assert not roots & WEB_FRAMEWORKS, name


@pytest.mark.pure
def test_the_schedule_needs_only_the_standard_library() -> None:
    import sys

    for name, path in ALL.items():
        if name.startswith("readerstudy.blinding"):
            roots = {m.split(".")[0] for m in imports(name, path)} - {"readerstudy"}
            assert roots <= set(sys.stdlib_module_names), name


@pytest.mark.pure
def test_the_top_package_stays_empty() -> None:
    assert (ROOT / "readerstudy" / "__init__.py").read_text() == ""
