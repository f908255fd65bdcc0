"""The command line: `python -m reelbook COMMAND`; each command has --help."""

import argparse
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from reelbook.build.console import tell
from reelbook.data.names import DATASETS, count
from reelbook.errors import ReelbookError
from reelbook.files import check_place, hash_text, parse_yaml
from reelbook.paths import format_path, get_build_dir, get_plan_dir, get_runs_dir
from reelbook.processes import collect_rarely, end_with_parent, set_environment

if TYPE_CHECKING:
    from reelbook.recommend.ratings_file import OwnRatings
    from reelbook.recommend.recommender import Recommender


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0, or 1 after an error told in a line or two, or 130 after Ctrl-C."""
    args = make_parser().parse_args(arguments)
    set_environment()
    if os.environ.get("REELBOOK_BUILD"):  # a relative one means the same in a notebook's own folder
        os.environ["REELBOOK_BUILD"] = str(get_build_dir())
    in_build = args.command != "build" and os.environ.get("REELBOOK_ERRORS")
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up, as on Ctrl-C
        if in_build:
            end_with_parent()
            run_step(args, Path(in_build, f"{args.command}-{args.name}"))
        else:
            args.run(args)
    except (ReelbookError, OSError) as error:
        if not in_build and not getattr(args, "follow", False):  # the build itself tells it
            print(f"error: {describe(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if not in_build:
            print("Interrupted. What was finished is kept.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return 0


def run_step(args: argparse.Namespace, last_words: Path) -> None:
    """Run a command as a step of `build`, which tells at the end what failed steps left to say."""
    step = f"{args.command} {args.name}"
    killed = f"{step} ended without a word: killed, or by a fault shown above.\n"
    with suppress(OSError):
        last_words.write_text(killed, encoding="utf-8")
    try:
        args.run(args)
    except (ReelbookError, OSError) as error:
        try:
            last_words.write_text(f"{describe(error)}\n", encoding="utf-8")
        except OSError:  # a full disk
            print(f"error: {describe(error)}", file=sys.stderr)
        raise
    last_words.unlink(missing_ok=True)


def describe(error: Exception) -> str:
    """What an error says; of many files that could not be copied, the first."""
    said = error.args[0][0][2] if isinstance(error, shutil.Error) else error
    return str(said) or repr(said)


def make_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m reelbook", description=__doc__)
    parser.set_defaults(run=lambda args: show_help(parser, "Name a command."))
    commands = parser.add_subparsers(dest="command")

    data = commands.add_parser("data", help="prepare a data set")
    data.add_argument(
        "name",
        nargs="?",
        help=f"{', '.join(DATASETS)}, or ratings of your own: a file, folder or zip",
    )
    data.add_argument("--plan", default="ml-100k", help="or the data set of this plan (ml-100k)")
    data.add_argument(
        "--columns", metavar="ROLE=COLUMN,...",
        help="of your own ratings: user=2,item=title,rating=3,time=4 (names, or places from 1)",
    )  # fmt: skip
    data.add_argument(
        "--repeated", choices=["error", "last", "mean"],
        help="what to keep where a user rated an item twice (error: refuse the file)",
    )  # fmt: skip
    data.add_argument(
        "--skip-bad-rows", action="store_true", default=None,
        help="leave out rows that cannot be read, and list them in a file",
    )  # fmt: skip
    data.set_defaults(run=run_data)

    notebook = commands.add_parser(
        "notebook",
        help="run one notebook, with its parameters checked",
        description="Run a notebook as a plan says, or with -p or --output apart from the plan.",
    )
    notebook.add_argument("name", help="such as 02_matrix_factorization")
    notebook.add_argument("--plan", help="the plan it runs for (ml-100k; on own data: own)")
    notebook.add_argument(
        "-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
        help="change a parameter; the value is read as YAML",
    )  # fmt: skip
    notebook.add_argument(
        "--output", type=Path, help="the executed notebook, with -p build/notebooks/..."
    )
    notebook.set_defaults(run=run_notebook)

    results = commands.add_parser(
        "results", help="write results.csv of a plan's finished notebooks"
    )
    results.add_argument("name", metavar="plan")
    results.set_defaults(run=run_results)

    book = commands.add_parser("book", help="make the pages of a plan's finished notebooks")
    book.add_argument("name", metavar="plan")
    book.set_defaults(run=run_book)

    build = commands.add_parser("build", help="all of it: what `make book` calls")
    build.add_argument(
        "--jobs", type=int,
        help="notebooks at once (all cores); with a profile, jobs in the queue at once",
    )  # fmt: skip
    build.add_argument(
        "--profile", help="of a cluster that trains and runs the notebooks: slurm or kubernetes"
    )
    build.set_defaults(run=run_build)

    trainings = commands.add_parser(
        "trainings", help="write which jobs would train the missing runs on a cluster"
    )
    trainings.set_defaults(run=run_trainings)

    train = commands.add_parser("train", help="train the runs of such a job")
    train.add_argument("name", help="of the job")
    train.add_argument("--plan", default="ml-100k", help="a file in notebooks/plans (ml-100k)")
    train.set_defaults(run=run_train)

    outlook = commands.add_parser(
        "outlook", help="how many runs a build would train, and about how long it takes"
    )
    outlook.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="trainings at once (all cores)"
    )
    outlook.add_argument("--follow", action="store_true", help="tell it again every minute")
    outlook.set_defaults(run=run_outlook)

    batch = commands.add_parser(
        "batch", help="one notebook with every combination of parameters: `make batch` calls it"
    )
    batch.add_argument("--plan", required=True, help="a file in notebooks/plans with a matrix")
    batch.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="notebooks at once (all cores)"
    )
    batch.set_defaults(run=run_batch)

    compare = commands.add_parser(
        "compare", help="compare notebooks that papermill executed, over what differs"
    )
    compare.add_argument("notebooks", type=Path, nargs="+", metavar="NOTEBOOK")
    compare.add_argument("--output", type=Path, help="a folder (build/compare)")
    compare.set_defaults(run=run_compare)

    verify = commands.add_parser("verify", help="build a plan twice and compare results.csv")
    verify.add_argument("--plan", default="ml-100k", help="a file in notebooks/plans (ml-100k)")
    verify.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="notebooks at once (all cores)"
    )
    verify.set_defaults(run=run_verify)

    golden = commands.add_parser("golden", help="compare the figures with book/golden.yml")
    golden.add_argument("--plan", default="ml-100k", help="a plan that was built (ml-100k)")
    golden.add_argument(
        "--update",
        action="store_true",
        help="write them and book/costs.yml anew; prints old and new",
    )
    golden.set_defaults(run=run_golden)

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab (`make lab`)")
    lab.add_argument("options", nargs="*", help="of JupyterLab, after --: -- --no-browser")
    lab.set_defaults(run=run_lab)

    models = commands.add_parser("models", help="list the models: what each predicts and needs")
    models.set_defaults(run=run_models)

    for command in (build, trainings, outlook):
        command.add_argument("--plan", help="a file in notebooks/plans (ml-100k; with --data: own)")
    for command in (notebook, results, book, build, outlook, trainings, train):
        command.add_argument(
            "--data", metavar="PATH", help="ratings of your own, in place of the plan's data set"
        )

    recommend = commands.add_parser(
        "recommend",
        help="list movies for a user, or for someone who likes or rated some titles",
        description="List the best unseen movies, with the stars that they would get and why: a "
        "percentage is the share of a movie in all that pulls the new one into the list.",
    )
    recommend.add_argument(
        "--user", action="append", default=[], metavar="ID",
        help="a user of the data set; give it again for more users",
    )  # fmt: skip
    recommend.add_argument(
        "--like", action="append", default=[], metavar="TITLE",
        help="a title that you like; give it again for more titles",
    )  # fmt: skip
    recommend.add_argument(
        "--ratings", type=Path, metavar="FILE",
        help="your ratings: an export of Letterboxd, IMDb or Goodreads, or any titles and stars",
    )  # fmt: skip
    recommend.add_argument("--k", type=int, default=10, help="length of the list (10)")
    recommend.add_argument(
        "--sort", choices=["fit", "stars"], default="fit",
        help="by score and stars together (fit), or the same movies by their stars",
    )  # fmt: skip
    recommend.add_argument("--output", type=Path, help="write the lists to this CSV file, too")
    recommend.set_defaults(run=run_recommend, parser=recommend)

    export = commands.add_parser("export", help="write a model that recommends as a SavedModel")
    export.add_argument("--output", type=Path, help="an empty or new folder (build/export/DATASET)")
    export.set_defaults(run=run_export)
    for command in (recommend, export):
        command.add_argument(
            "--model",
            default="topn.edlae",
            help="that finds the candidates of the list (topn.edlae)",
        )
        command.add_argument(
            "--dataset", default="ml-100k", help=f"{', '.join(DATASETS)}, or ratings of your own"
        )
    return parser


@contextmanager
def silence_start() -> Iterator[None]:
    """Keep from a person what TensorFlow writes to stderr while it is imported, whatever is set."""
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def run_data(args: argparse.Namespace) -> None:
    """Prepare a data set's canonical tables; of a person's own data, say what was understood."""
    from reelbook.build.plan import read_plan
    from reelbook.data.names import find_path, name_dataset
    from reelbook.data.store import prepare
    from reelbook.data.understood import change_options, describe_understood

    plan = read_plan(args.plan) if not args.name else None
    if plan and plan.notebook:
        for dataset in plan.datasets:
            run_data(argparse.Namespace(**vars(args) | {"name": dataset}))
        return
    dataset = plan.dataset if plan else args.name
    path = find_path(dataset)
    given = {name: getattr(args, name) for name in ("columns", "repeated", "skip_bad_rows")}
    if changes := {name: value for name, value in given.items() if value is not None}:
        if path is None:
            raise ReelbookError(
                f"{dataset} takes no options: its layout is known. To read its files as ratings of "
                "your own, give their folder or zip."
            )
        print(f"Options: {change_options(path, changes)}")
    folder = prepare(dataset)
    tell(f"[{name_dataset(dataset)}] data: ready in {format_path(folder)}")
    if path is not None:
        print(describe_understood(folder))


def run_notebook(args: argparse.Namespace) -> None:
    """Run a notebook of a plan, or apart from it with `-p` or `--output`."""
    from reelbook.build.notebook import check_output, list_outputs, run_notebook
    from reelbook.build.plan import find_notebook, read_plan
    from reelbook.build.steps import record_step
    from reelbook.data.names import find_path

    changed = {name: parse_yaml(value, f"-p {name} {value}") for name, value in args.parameter}
    if path := find_path(str(changed.get("dataset", "made-up"))):
        changed["dataset"] = str(path)  # the kernel runs in another folder
    if path and not args.plan:
        plan = read_plan("own", str(path))
    else:
        plan = read_plan(args.plan or "ml-100k", args.data)
    if lacking := plan.left_out.get(args.name):
        told = f"needs {', '.join(lacking)}, which {format_path(Path(plan.dataset))} does not hold"
        raise ReelbookError(f"{args.name} {told}.")
    if plan.notebook and args.name not in plan.notebooks:
        raise ReelbookError(f"Plan {plan.name} is a batch of the cells {', '.join(plan.notebooks)}")
    source = find_notebook(plan.get_source(args.name))
    apart = args.output or (changed and name_output(args.name, changed))
    if args.output:
        check_output(source, args.output.absolute())
    if apart:
        output = apart.absolute()
        # named after the whole path: two jobs never share a log
        place = hash_text(str(output))[:8]
        logs = get_build_dir() / "logs" / f"{output.stem}-{place}"
    else:
        output = get_plan_dir(plan.name) / "executed" / f"{args.name}.ipynb"
        logs = get_plan_dir(plan.name) / "logs"
    # The notebook's own output goes to its log; these lines go to where stderr led at the start.
    with os.fdopen(os.dup(2), "w", buffering=1) as console:
        run_notebook(
            source,
            output,
            plan.notebooks.get(args.name, {}) | changed,
            logs=logs,
            say=lambda text: tell(f"[{plan.name}] {args.name}: {text}", console=console),
            select=list if plan.notebook else plan.select_cells,  # a batch has several data sets
        )
    if apart:
        print(f"Notebook: {format_path(output)}")
    else:
        runs = json.loads(output.with_suffix(".runs.json").read_text(encoding="utf-8"))
        used = [file for run_id in runs for file in (get_runs_dir() / run_id).iterdir()]
        record_step(plan.name, f"notebook-{args.name}", [*list_outputs(output), *used])


def name_output(notebook: str, changed: dict[str, object]) -> Path:
    """Where a notebook goes that was run with other parameters than the plan's."""
    parts = [
        f"{value}" if name == "dataset" else f"{name}-{value}" for name, value in changed.items()
    ]
    slug = re.sub(r"[^\w.]+", "-", "-".join(parts)).strip("-")
    if len(slug) > 60:
        slug = f"{slug[:50]}-{hash_text(slug)[:8]}"
    return get_build_dir() / "notebooks" / f"{notebook}-{slug}.ipynb"


def run_results(args: argparse.Namespace) -> None:
    """Write results.csv of a plan."""
    from reelbook.build.plan import read_plan
    from reelbook.build.results import collect_results
    from reelbook.build.steps import record_step

    plan = read_plan(args.name, args.data)
    record_step(plan.name, "results", [collect_results(plan)])


def run_book(args: argparse.Namespace) -> None:
    """Make the pages of a plan."""
    from reelbook.build.book import make_book
    from reelbook.build.plan import read_plan
    from reelbook.build.steps import record_step

    plan = read_plan(args.name, args.data)
    tell(f"[{plan.name}] book: started")
    index = make_book(plan)
    record_step(plan.name, "book", (file for file in index.parent.rglob("*") if file.is_file()))


def name_plan(args: argparse.Namespace) -> str:
    """The plan that was given, or the usual one: `own` on ratings of one's own."""
    return args.plan or ("own" if args.data else "ml-100k")


def run_outlook(args: argparse.Namespace) -> None:
    """Tell how much a build has ahead."""
    from reelbook.build import outlook
    from reelbook.build.plan import read_plan

    start = time.monotonic()
    if args.follow:
        time.sleep(outlook.WAIT)
    plan = read_plan(name_plan(args), args.data)
    with silence_start():
        ahead = outlook.estimate_runs(plan)
    if args.follow:
        return outlook.follow(plan, ahead, start=start, jobs=args.jobs)
    left = outlook.estimate_left(0, sum(ahead.values()), elapsed=0, jobs=args.jobs)
    left += outlook.estimate_pages(plan, jobs=args.jobs)
    told = f"{count(len(ahead), 'run')} to train, {outlook.describe_minutes(left)}"
    print(f"[{plan.name}] {told if ahead else 'all runs are trained'}")


def run_build(args: argparse.Namespace) -> None:
    """Bring a plan's report up to date."""
    from reelbook.build.run import build

    if args.jobs is not None and args.jobs < 1:
        raise ReelbookError(f"JOBS must be 1 or more, not {args.jobs}.")
    build(name_plan(args), jobs=args.jobs, data=args.data, profile=args.profile)


def run_trainings(args: argparse.Namespace) -> None:
    """Write which jobs train the runs that a plan lacks, and say it in a line each."""
    from reelbook.build.plan import read_plan
    from reelbook.build.trainings import describe_jobs, plan_trainings

    plan = read_plan(name_plan(args), args.data)
    with silence_start():
        content = plan_trainings(plan)
    print("\n".join(f"[{plan.name}] {line}" for line in describe_jobs(content)))


def run_train(args: argparse.Namespace) -> None:
    """Train the runs of a job."""
    from reelbook.build.plan import read_plan
    from reelbook.build.trainings import train_job

    train_job(read_plan(args.plan, args.data), args.name)


def run_batch(args: argparse.Namespace) -> None:
    """Bring a batch up to date."""
    from reelbook.build.batch import run_batch

    if args.jobs < 1:
        raise ReelbookError(f"JOBS must be 1 or more, not {args.jobs}.")
    run_batch(args.plan, jobs=args.jobs)


def run_compare(args: argparse.Namespace) -> None:
    """Compare executed notebooks."""
    with silence_start():
        from reelbook.build.comparison import PAGE, check_folder, compare

    folder = (args.output or get_build_dir() / "compare").absolute()
    check_folder(folder)
    for fault in compare(args.notebooks, folder, title="Comparison of notebooks"):
        print(f"left out: {fault}", file=sys.stderr)
    print(f"Comparison: {format_path(folder / PAGE)}")


def run_verify(args: argparse.Namespace) -> None:
    """Build a plan twice from nothing and compare."""
    from reelbook.build.run import format_seconds
    from reelbook.build.verify import verify

    outcome = verify(args.plan, jobs=args.jobs)
    first, second = map(format_seconds, outcome["seconds"])
    print(f"Verified: results.csv is the same, byte for byte, in two builds ({first}, {second}).")


def run_golden(args: argparse.Namespace) -> None:
    """Compare the figures of a finished build with the golden ones, or accept them."""
    from reelbook.build.golden import has_golden, list_departures, update_golden
    from reelbook.build.plan import read_plan

    plan = read_plan(args.plan)
    dataset = plan.dataset
    if not (get_plan_dir(args.plan) / "results.csv").is_file():
        raise ReelbookError(f"Plan {args.plan} has no results yet: make book PLAN={args.plan}")
    if args.update:
        from reelbook.build.outlook import update_costs
        from reelbook.data.store import load

        print("\n".join(update_golden(args.plan, dataset)))
        update_costs(plan, load(dataset))
    elif not has_golden(args.plan, dataset):
        raise ReelbookError(f"book/golden.yml holds no figures of plan {args.plan} on these data.")
    elif departures := list_departures(args.plan, dataset):
        raise ReelbookError("Outside the range of book/golden.yml: " + "; ".join(departures))
    else:
        print("Every figure is within the range of book/golden.yml.")


def run_lab(args: argparse.Namespace) -> None:
    """Open JupyterLab on its start page, until it is stopped."""
    from reelbook.build.lab import open_lab

    if code := open_lab(args.options):
        raise ReelbookError(f"JupyterLab ended with code {code}, see above.")


def run_models(args: argparse.Namespace) -> None:
    """List the models."""
    with silence_start():
        from reelbook.models.registry import list_models

        models = list_models()
    rows = [("model", "predicts", "needs", "memory grows with", "what it is", "source")]
    rows += [
        (m, a.predicts, ", ".join(a.needs), ", ".join(a.grows), a.words, a.source)
        for m, a in models.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


def show_help(parser: argparse.ArgumentParser, error: str) -> NoReturn:
    """Show on stderr what a command takes, and end as after a wrong argument."""
    parser.print_help(sys.stderr)
    parser.exit(2, f"error: {error}\n")


def run_recommend(args: argparse.Namespace) -> None:
    """List movies for users, or for someone who likes some titles or has rated them."""
    given = sum(map(bool, (args.user, args.like, args.ratings)))
    told = "Give --user (of the data set), --like (titles) or --ratings (a file), one of them."
    if not given:
        show_help(args.parser, told)
    if given > 1:
        raise ReelbookError(told)
    if args.output:
        check_list_file(args.output)
    from reelbook.data.names import count
    from reelbook.recommend import lists, ratings_file, recommender

    recommender.check_model(args.model)
    recommender.check_length(args.k)
    own = ratings_file.read_ratings(args.ratings) if args.ratings else None
    if own:
        print("\n".join(own.told), file=sys.stderr)
    model = get_recommender(args, own)
    users = recommender.find_users(model, args.user)
    if args.user:
        found = recommender.recommend_to_users(model, users, k=args.k)
    elif own is None:
        found = recommender.recommend_to_fan(model, args.like, k=args.k)
    else:
        matched = ratings_file.match_ratings(own, model)
        print("\n".join(matched.told), file=sys.stderr)
        found = recommender.recommend(model, matched.rated, matched.given, k=args.k)
    if args.sort == "stars":
        found = recommender.sort_by_stars(found)
    print(lists.format_lists(found))
    if args.output:
        lists.write_lists(found, args.output)
        print(f"Written: {args.output}, {count(len(found), 'movie')}", file=sys.stderr)


def get_recommender(args: argparse.Namespace, own: "OwnRatings | None" = None) -> "Recommender":
    """The recommender that was learned once, or one that is learned now if the arguments allow it.

    Args:
        args: of `recommend` or `export`.
        own: the person's ratings, of which a title must be known.
    """
    from reelbook.recommend import kept, ratings_file, recommender

    if model := kept.find_kept(args.dataset, args.model):
        return model
    with silence_start():
        from reelbook.data.store import load

    data = load(args.dataset)
    if args.command == "recommend":
        users = recommender.find_users(data, args.user)
        recommender.check_request(data, model=args.model, user_ids=users, liked=args.like, k=args.k)
    if own:
        ratings_file.match_ratings(own, data)
    print(f"[{data.name}] learning {args.model} from all ratings", file=sys.stderr)
    return kept.get_recommender(data, model=args.model)


def check_list_file(path: Path) -> None:
    """Refuse to write a list over anything but an earlier list."""
    if path.is_dir() or path.suffix != ".csv":
        raise ReelbookError(f"{path} is not the name of a list: end it in .csv.")
    check_place(path)
    starts = (b"rank,movie_id,name,", b"user_id,rank,movie_id,name,")
    if path.exists() and not path.read_bytes().startswith(starts):
        raise ReelbookError(
            f"{path} exists and this command did not write it. It is left unchanged: give another "
            "name."
        )


def run_export(args: argparse.Namespace) -> None:
    """Write a SavedModel."""
    with silence_start():
        from reelbook.data.names import name_dataset
        from reelbook.recommend.recommender import check_model
        from reelbook.recommend.saved_model import check_folder, describe_use, export_saved_model

    folder = args.output or get_build_dir() / "export" / name_dataset(args.dataset)
    check_folder(folder)
    check_model(args.model)
    model = get_recommender(args)
    export_saved_model(model, folder)
    print(f"Exported: {format_path(folder)}\n\n{describe_use(model, folder)}")


if __name__ == "__main__":
    collect_rarely()
    sys.exit(main())
