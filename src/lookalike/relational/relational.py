"""`Relational`: learn a whole database and generate another one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import pyarrow as pa
from sklearn.base import BaseEstimator

from lookalike._core.errors import NotFittedError, ParameterError
from lookalike._core.parameters import AnyOf, Choice, Flag, Instance, Number, check_parameters
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState, as_seed
from lookalike.databases import Database, check_target, write_blocks
from lookalike.models import ArchiveParts, Growth
from lookalike.relational._database_rules import (
    rule_kinds,
    rule_schemas,
    scoped_rules,
    with_rows,
    without_broken,
)
from lookalike.relational._fit import fit_database
from lookalike.relational._form import DatabaseForm
from lookalike.relational._public import check_public
from lookalike.relational._rule_scope import ScopedRule
from lookalike.relational._sample import SampleBlock, sample_database
from lookalike.relational._saving import restore_fitted, save_database_model
from lookalike.relational._settled_rules import DatabaseRules
from lookalike.relational._table import TableModel
from lookalike.rules import POLICIES
from lookalike.tables import Kind

__all__ = ["Relational", "restore_database_model"]


#: The least number of rows of a block, where the learned database does not have more.
_BLOCK_ROWS = 250_000
#: The number of rows that are generated at fit to see whether rules leave room.
_TRIED = 20_000


class Relational(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Model of a whole database: tables of any shape of schema, and the keys between them.

    Tables are made in order, parents first. A row is made together with its numbers of children
    and with summaries of them (means, most frequent levels, numbers of different levels). Children
    are made given their parent and its ancestors, these summaries, their place in the family and
    the sibling before. Parents by further keys are matched to finished rows by a learned affinity,
    under degrees that have been drawn. Rows are drawn by trees, as those of a `Forest`.

    Every key leads to a generated row, by construction; keys are new and have the pattern of those
    that were learned. Numbers of children have the distribution of the training tables.

    Parameters
    ----------
    trees : int
        The number of trees of each column.
    leaf : int
        The least number of rows of a leaf, among those by which a tree is grown.
    derive : bool
        Whether columns that are functions of others of their table are computed from them.
    min_category_count : int
        The minimum number of rows that must share a category, a number or a part of an identifier
        for the model to store it.
    text_placeholder : str or None
        The text that fills columns of free text; None leaves them missing where a database allows
        that, and ``"-"`` where it does not.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.
    random_state : int, Generator, RandomState or None
        The seed of the fit, and the default seed of sampling.

    Attributes
    ----------
    tables_ : dict of str to int
        The number of training rows of each table, parents first.
    seed_ : int
        The seed of the fit.

    Examples
    --------
    >>> import lookalike as la, pyarrow as pa
    >>> shops = pa.table({"shop_id": range(20), "city": ["Bonn", "Ulm"] * 10})
    >>> sales = pa.table({"shop_id": [k % 20 for k in range(90)], "total": [1.5, 2.0, 3.5] * 30})
    >>> model = la.Relational(random_state=0).fit(la.Database({"shops": shops, "sales": sales}))
    >>> made = model.sample(scale=2)
    >>> {name: len(made[name]) for name in made}
    {'shops': 40, 'sales': 180}
    """

    _form: DatabaseForm
    _models: dict[str, TableModel]
    _rules: DatabaseRules
    _fitted_with: dict[str, Any]
    seed_: int
    tables_: dict[str, int]

    def __init__(
        self,
        *,
        trees: int = 5,
        leaf: int = 5,
        derive: bool = True,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.trees = trees
        self.leaf = leaf
        self.derive = derive
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    def _check_parameters(self) -> None:
        rules = {
            "trees": Number(1, 1_000, integer=True),
            "leaf": Number(1, integer=True),
            "derive": Flag(),
            "min_category_count": Number(1, integer=True),
            "text_placeholder": Instance((str,), "a string or None", optional=True),
            "progress": AnyOf((Flag(),), none=True),
        }
        given = {name: getattr(self, name) for name in rules}
        check_parameters("Relational", rules, given)

    def fit(
        self,
        db: Database | Mapping[str, Any] | str | os.PathLike[str],
        y: Any = None,  # noqa: ARG002 - scikit-learn passes it
        *,
        kinds: Mapping[str, Mapping[str, Kind | str]] | None = None,
        rules: Sequence[str] | None = None,
        broken: str = "refuse",
        public: Sequence[str] | None = None,
    ) -> Self:
        """Learn a database.

        Parameters
        ----------
        db : Database, mapping of str to dataframe, or source
            The database; tables by name, whose keys are inferred; or what `Database.read` takes.
        y : object
            Ignored.
        kinds : mapping of str to mapping, optional
            Declared kinds of columns by table, such as ``{"orders": {"zip": "categorical"}}``.
        rules : sequence of str, optional
            Rules that hold on every generated row, also between tables, such as ``"orders.date >=
            customers.since"`` or ``"orders.total == sum(lines.amount)"``; see the guide.
        broken : {"refuse", "drop", "repair", "keep"}
            What becomes of training rows that break a rule: an error, rows left out (with those
            that lead to them), cells changed so that the rules hold, or nothing.
        public : sequence of str, optional
            Tables that everybody may know, such as countries or products. Their rows are kept as
            they are, at any scale, with their keys, and are stored in the model file, each with
            its number of children (smaller ones than `min_category_count` as their mean). They may
            refer to public tables only.

        Returns
        -------
        Relational
            The estimator itself. If `fit` fails, it is unchanged.

        Raises
        ------
        DataError
            If no table has rows, one cannot be used, or keys form a circle in which none may be
            missing; if rows break a rule, or rules contradict each other.
        ParameterError
            If a parameter breaks its rule, or a declared rule cannot be read.
        """
        self._check_parameters()
        check_parameters("fit", {"broken": Choice(POLICIES)}, {"broken": broken})
        if isinstance(db, str | os.PathLike):
            db = Database.read(db)
        elif not isinstance(db, Database):
            db = Database(db)
        for name in kinds or {}:
            db.arrow(name)
        seed = as_seed(self.random_state)
        declared = with_rows(db, scoped_rules(rules or (), db))
        if declared:
            schemas = rule_schemas(db, declared, kinds or {})
            db = without_broken(db, declared, schemas, broken)
            declared = with_rows(db, declared)  # of those that dropped rows have left
            kinds = rule_kinds(schemas, kinds or {})
        kept = check_public(db, public, declared)
        options = {
            "derive": self.derive,
            "min_category_count": self.min_category_count,
            "text_placeholder": self.text_placeholder,
        }
        total = sum(len(db.arrow(name)) for name in db.names)
        done = 0
        with progress("learning", total, show=self.progress) as report:

            def learned(_name: str, rows: int) -> None:
                nonlocal done
                done += rows
                report(done, {})

            models = fit_database(
                db, kinds or {}, Growth(self.trees, self.leaf), options, kept, seed, learned
            )
        learned_rules = _learned_rules(db, declared, models, self.min_category_count, seed)
        form = DatabaseForm.of(db, models)
        if declared:  # rules that leave no room are said now, not after hours
            own = max(sum(len(db.arrow(name)) for name in db.names if name not in kept), 1)
            first = SampleBlock(0, 0.0, min(1.0, _TRIED / own))
            some = sample_database(models, form.tables, first, seed, lambda _name, _rows: None)
            learned_rules.enforced(form.database(some), seed)
        self._rules, self._models, self.seed_, self._form = learned_rules, models, seed, form
        self.tables_ = {name: len(db.arrow(name)) for name in models}
        self._fitted_with = {**self.get_params(deep=False), "random_state": seed}
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return "_models" in vars(self)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("This Relational has not learned a database yet: call fit(db).")

    def sample(self, scale: float = 1.0, *, random_state: RandomState = None) -> Database:
        """Generate a database.

        Parameters
        ----------
        scale : float
            The factor of the numbers of rows; a table without parents has one row at least.
        random_state : int, Generator, RandomState or None
            The seed; None is the model's own ``seed_``, so that every call gives the same.

        Returns
        -------
        Database
            With the tables, types and keys of the training database. No key leads nowhere, and no
            primary key occurs twice.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If `scale` is not a number above 0.
        """
        self._check_fitted()
        _check_scale(scale)
        blocks = list(self._blocks(float(scale), random_state))
        if len(blocks) == 1:
            return blocks[0]
        names = blocks[0].names
        return self._form.database(
            {n: pa.concat_tables([b.arrow(n) for b in blocks]).unify_dictionaries() for n in names}
        )

    def sample_to(
        self,
        target: str | os.PathLike[str],
        scale: float = 1.0,
        *,
        random_state: RandomState = None,
        overwrite: bool = False,
    ) -> dict[str, int]:
        """Write the rows of `sample` to a folder or a database, block by block.

        Memory is bounded by a block: a database of the learned size, or of 250,000 rows if that is
        more. Rows of a block refer to rows of the same block. Where primary keys are learned, or
        lead to public rows, all is one block.

        Parameters
        ----------
        target : str or path-like
            As for `Database.write`: all is written, or nothing.
        scale : float
            As for `sample`.
        random_state : int, Generator, RandomState or None
            As for `sample`.
        overwrite : bool
            Whether tables of these names that are there already are replaced.

        Returns
        -------
        dict of str to int
            The number of rows of each table.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If `scale` is not a number above 0.
        OutputError
            If there are such tables and `overwrite` is false, or nothing can be written there.
        """
        self._check_fitted()
        _check_scale(scale)
        check_target(target, overwrite=overwrite, names=list(self.tables_))
        written = dict.fromkeys(self._form.names, 0)

        def counted() -> Iterator[Database]:
            for block in self._blocks(float(scale), random_state):
                for name in written:
                    written[name] += len(block.arrow(name))
                yield block

        write_blocks(counted(), target, overwrite=overwrite)
        return written

    def _blocks(self, scale: float, random_state: RandomState) -> Iterator[Database]:
        """Generate a database in blocks, each of the learned size at least."""
        seed = self.seed_ if random_state is None else as_seed(random_state)
        kept = self.public_tables
        own = max(sum(rows for name, rows in self.tables_.items() if name not in kept), 1)
        count = max(int(scale / max(1.0, _BLOCK_ROWS / own)), 1)
        # Learned keys could repeat in another block.
        if any(model.may_repeat_keys(kept) for model in self._models.values()):
            count = 1
        public = sum(self.tables_[name] for name in kept)
        total, finished = max(round(own * scale) + public, 1), 0
        before = dict.fromkeys(self._form.names, 0)
        with progress("generating", total, show=self.progress) as report:
            for number in range(count):
                made_here: dict[str, int] = {}

                def made(
                    name: str, rows: int, here: dict[str, int] = made_here, done: int = finished
                ) -> None:
                    here[name] = rows
                    report(min(done + sum(here.values()), total), {})

                ends = (scale * number / count, scale * (number + 1) / count)
                block = SampleBlock(number, *ends, before)
                tables = sample_database(self._models, self._form.tables, block, seed, made)
                whole = self._form.database(tables)
                obeying = self._rules.enforced(whole, block.seed(seed))
                # The rows of public tables are in the first block.
                yield obeying.emptied(kept) if number else obeying
                before = {name: n + len(tables[name]) for name, n in before.items()}
                finished += sum(made_here.values())

    @property
    def public_tables(self) -> tuple[str, ...]:
        """The tables whose rows are kept as they are."""
        self._check_fitted()
        kept = {n: model.public for n, model in self._models.items() if model.public is not None}
        return tuple(name for name, public in kept.items() if len(public.states))

    @property
    def rules_(self) -> tuple[str, ...]:
        """The rules that every generated row obeys."""
        self._check_fitted()
        return tuple(rule.text for rule in self._rules.rules)

    @property
    def foreign_keys(self) -> tuple[Any, ...]:
        """The foreign keys of the database that was learned."""
        self._check_fitted()
        return self._form.foreign

    @property
    def primary_keys(self) -> dict[str, tuple[str, ...]]:
        """The primary keys of the database that was learned."""
        self._check_fitted()
        return dict(self._form.primary)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model to one file, which `lookalike.load` reads.

        The file is a zip of JSON and plain arrays: no pickle, no code, and no training rows.

        Parameters
        ----------
        path : str or path-like
            The file, by convention with the suffix ``.lookalike``.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        OutputError
            If the file cannot be written; then no partial file remains.
        """
        self._check_fitted()
        save_database_model(self, path)


def _check_scale(scale: float) -> None:
    check_parameters("sample", {"scale": Number(0)}, {"scale": scale})
    if scale <= 0:
        raise ParameterError(f"scale must be a number above 0, got {scale!r}.")


def _learned_rules(
    db: Database,
    rules: Sequence[ScopedRule],
    models: Mapping[str, TableModel],
    min_count: int,
    seed: int,
) -> DatabaseRules:
    """Learn rules, with the relations that hold within each table."""
    if not rules:
        return DatabaseRules()
    schemas = {
        name: model.columns.encoder.schema_
        for name, model in models.items()
        if model.columns is not None
    }
    return DatabaseRules.fit(db, rules, schemas, min_count, seed)


def restore_database_model(parts: ArchiveParts) -> Relational:
    """Restore a model from the parts of a file, whose values are checked.

    Parameters
    ----------
    parts : ArchiveParts
        The content of the file.

    Returns
    -------
    Relational
        The fitted model.
    """
    model = Relational(**parts.manifest["parameters"])
    model._check_parameters()
    restore_fitted(model, parts)
    return model
